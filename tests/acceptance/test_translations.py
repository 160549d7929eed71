"""One item in two languages: each reader gets it once, in theirs, and it is one item to everybody who asks."""

from email import message_from_bytes, policy

from digest.mailbox.inbox import Mail

from .conftest import BEFORE, SLOT, Terminal

ITEM = (
    "---\nkind: action\ntitle: Sign for the night bus\ntopics: [buses]\nurl: https://b.example/\n"
    "deadline: 2026-04-01\n---\nIt stops.\n"
)
SAID = (
    "---\nkind: action\ntitle: Firma por el bus nocturno\nlanguage: es\ntranslation_of: sign-for-the-night-bus\n"
    "url: https://b.example/es\n---\nLo quitan.\n"
)


def parts(mail: Mail) -> list[str]:
    message = message_from_bytes(mail.content, policy=policy.default)
    return [part.get_content() for part in message.iter_parts()]  # type: ignore[attr-defined]


def test_two_readers_of_one_item_in_two_languages(digest: Terminal, inbox: list[Mail]) -> None:
    digest("init")
    digest.write("items/bus.md", ITEM)
    digest.write("items/bus.es.md", SAID)
    added = digest("items", "add", "items", "--json", "--now", BEFORE).json["added"]
    assert [(each["id"], each["language"], each["translation_of"]) for each in added] == [(1, "en", None), (2, "es", 1)]
    assert "says item 1 in es" in digest("items", "list").out
    shown = digest("items", "show", "1", "--json").json
    assert (shown["slug"], shown["translations"]) == (
        "sign-for-the-night-bus", [{"id": 2, "language": "es", "status": "ready"}],
    )  # fmt: skip

    for name, language in (("ana", "es"), ("bo", "en")):
        digest("subscribers", "add", f"{name}@example.org", "--language", language, "--topic", "buses", "--now", BEFORE)
    edition = digest("edition", "assemble", "--json", "--now", BEFORE).json
    assert [(each["id"], each["title"], each["languages"]) for each in edition["items"]] == [
        (1, "Sign for the night bus", ["en", "es"]),
    ]  # fmt: skip
    assert edition["left_out"] == []
    why = digest("edition", "why", "latest", "ana@example.org", "--json", "--now", BEFORE).json
    assert [each["id"] for each in why["included"]] == [1]

    digest("edition", "send", "latest", "--now", SLOT)
    mails = {mail.recipient.partition("@")[0]: parts(mail) for mail in inbox}
    for name, own, other, link in (
        ("ana", "Firma por el bus nocturno", "Sign for the night bus", "https://b.example/es"),
        ("bo", "Sign for the night bus", "Firma por el bus nocturno", "https://b.example/"),
    ):
        text, html = mails[name]
        for part in (text, html):
            assert own in part
            assert other not in part
            assert link in part
        assert 'lang="en"' not in html.partition("<body")[2] or name == "bo"
    assert "1 de abril" in mails["ana"][0], "the date is the original's"

    again = digest("edition", "assemble", "--period", "2026-W11-s1", "--json", "--now", SLOT).json
    assert (again["items"], again["left_out"]) == ([], [])
