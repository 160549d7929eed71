"""A publication that is not in English says so once."""

import urllib.request

from digest.mailbox.inbox import Mail

from .conftest import BEFORE, SLOT, Terminal
from .test_service import answers, ended, free_port, until

ITEM = "---\nkind: news\ntitle: La biblioteca abre los domingos\ntopics: [biblioteca]\n---\n\nDesde abril, de diez a dos.\n"
LETTER = (
    "Boletín de marzo\n\nLA PLAZA TIENE SOMBRA\n\nLos plátanos que se plantaron en 2019 dan ya sombra a los bancos.\n"
)


def test_items_readers_topics_and_previews_are_in_the_language_of_the_publication(
    digest: Terminal, inbox: list[Mail]
) -> None:
    digest.env["LANGUAGE"] = "es"
    digest("init")
    digest("items", "add", digest.write("abre.md", ITEM), "--now", BEFORE)
    digest("items", "import", digest.write("marzo.txt", LETTER), "--now", BEFORE, code=None)
    assert {each["language"] for each in digest("items", "list", "--json").json["items"]} == {"es"}

    people = "email,language\nana@example.org,\nbob@example.org,en\n"
    digest("subscribers", "import", digest.write("list.csv", people), "--now", BEFORE)
    digest("subscribers", "add", "eva@example.org", "--now", BEFORE)
    reads = {
        who: digest("subscribers", "show", f"{who}@example.org", "--json").json["language"]
        for who in ("ana", "bob", "eva")
    }
    assert reads == {"ana": "es", "bob": "en", "eva": "es"}
    digest("subscribers", "set", "bob@example.org", "--language", "", "--topic", "biblioteca")
    assert digest("subscribers", "show", "bob@example.org", "--json").json["language"] == "en"

    digest("topics", "add", "biblioteca", "--called", "La biblioteca")
    assert "La biblioteca" in digest("topics", "list").out
    shown = digest("edition", "assemble", "--json", "--now", BEFORE).json
    assert "domingo, 15 de marzo" in shown["subject"]
    assert "Hola" in digest("edition", "render", "latest", "--format", "text").out
    digest("edition", "send", "latest", "--now", SLOT)
    said = {mail.recipient.partition("@")[0]: str(mail.message["Subject"]) for mail in inbox}
    assert said["ana"] == said["eva"] == shown["subject"]
    assert "Sunday" in said["bob"]


def test_the_pages_begin_with_it(digest: Terminal) -> None:
    base = f"http://127.0.0.1:{free_port()}"
    digest.env |= {"LANGUAGE": "es", "PUBLIC_URL": base}
    digest("init")
    assert 'name="language" value="es"' in digest("subscribers", "form").out
    process = digest.start("run", "--now", BEFORE)
    until(lambda: answers(f"{base}/health"), process)
    for wanted, spoken in (("", "es"), ("fr", "es"), ("en-GB", "en")):
        request = urllib.request.Request(f"{base}/subscribe", headers={"Accept-Language": wanted})
        with urllib.request.urlopen(request, timeout=30) as page:
            assert f'<html lang="{spoken}"' in page.read().decode()
    ended(process)


def test_what_is_no_language_is_refused(digest: Terminal) -> None:
    digest.env["LANGUAGE"] = "Spanish!"
    assert (
        "DIGEST_LANGUAGE: “Spanish!” is not the tag of a language; write one such as en, es or pt-BR"
        in digest("init", code=2).err
    )
