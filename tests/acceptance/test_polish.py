"""Rough edges that somebody new to digest found, and must not find again."""

import io
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from PIL import Image

from digest.cli import commands
from digest.mailbox.inbox import Inbox, Mail

from .conftest import BEFORE, SLOT, Terminal


@pytest.mark.parametrize("now", ["9999-12-31T23:59Z", "0001-01-01", "1969-12-31", "9000-01-01"])
def test_a_clock_at_the_ends_of_the_calendar_is_refused(digest: Terminal, now: str) -> None:
    assert digest("schedule", "--now", now, code=2).err == f"--now: “{now}” is not in the years 1970 to 8999.\n"


@pytest.mark.parametrize("now", ["1970-01-01", "8999-12-31T23:59Z"])
def test_a_clock_just_within_them_is_good(digest: Terminal, now: str) -> None:
    assert digest("schedule", "--now", now).out.count("\n") == 5


@pytest.mark.parametrize("loaded", ["sqlalchemy.exc", "digest.app"])
def test_an_interrupt_while_digest_loads_is_quiet(digest: Terminal, loaded: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "digest", "schedule"]
    with subprocess.Popen(command, cwd=digest.folder, env=digest.environment, stderr=subprocess.PIPE) as process:
        assert process.stderr
        next(line for line in process.stderr if line.decode().rstrip().endswith(f" {loaded}"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read().decode()
    assert process.returncode == 130
    assert all(line.startswith("import time:") for line in rest.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", [["subscribers", "export"], ["items", "list"], ["items", "list", "--json"]])
def test_an_answer_that_cannot_be_written_is_told(week: Terminal, command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        assert _to(full, week, *command) == (1, "Standard output cannot be written: no space left on device.\n")


def test_an_answer_that_nobody_reads_is_told(week: Terminal) -> None:
    process = week.start("subscribers", "export")
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read().decode() == "Standard output cannot be written: broken pipe.\n"
    process.stderr.close()
    assert process.stdin
    process.stdin.close()
    assert process.wait(30) == 1


def test_an_answer_with_nowhere_to_go_is_told(digest: Terminal) -> None:
    shell = ["/bin/sh", "-c", 'exec "$0" -m digest schedule >&-', sys.executable]
    done = subprocess.run(shell, cwd=digest.folder, env=digest.environment, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "Standard output is closed; send it to a file or to /dev/null.\n"


def _to(out: object, terminal: Terminal, *command: str) -> tuple[int, str]:
    argv = [sys.executable, "-m", "digest", *command]
    done = subprocess.run(  # type: ignore[call-overload]
        argv, cwd=terminal.folder, env=terminal.environment, stdout=out, stderr=subprocess.PIPE, check=False
    )
    return done.returncode, done.stderr.decode()


def test_a_title_with_a_colon_is_told_how_to_write_it(digest: Terminal) -> None:
    digest("init")
    path = digest.write("a.md", "---\nkind: news\ntitle: Meeting: tonight\n---\n\nA body.\n")
    said = digest("items", "add", path.name, code=1).err
    assert said.startswith("a.md, line 3: title: put the value in double quotes")
    digest.write("a.md", '---\nkind: news\ntitle: "Meeting: tonight"\n---\n\nA body.\n')
    digest("items", "add", path.name)


def test_a_setting_that_there_is_not_is_remarked_on(digest: Terminal) -> None:
    digest.env["SMPT_HOST"] = "mail.harbour.example"
    assert digest("schedule").err == "DIGEST_SMPT_HOST is not a setting; did you mean DIGEST_SMTP_HOST?\n"


def test_the_doctor_compiles_every_kind(digest: Terminal) -> None:
    digest("init")
    digest.env["TEMPLATES"] = "ours"
    digest.write("ours/digest/item/victory.mjml", "<mj-text>\n{{ nothing.here }}\n</mj-text>")
    said = digest("doctor", code=1).out
    assert re.search(
        r"^BAD   templates: ours/digest/item/victory\.mjml, line 2: .+; correct it there", said, re.MULTILINE
    )


def test_a_folder_of_templates_that_replaces_nothing_is_a_hint(digest: Terminal) -> None:
    digest("init")
    digest.env["TEMPLATES"] = "ours"
    digest.write("ours/body.mjml", "in the wrong place")
    hint = "hint  templates: Nothing in ours replaces a template; put files at ours/digest/body.mjml and the like."
    assert hint in digest("doctor", code=1).out
    digest.write("ours/digest/body.mjml", (Path(__file__).parents[2] / "templates/email/digest/body.mjml").read_text())
    assert "hint  templates" not in digest("doctor", code=1).out


def test_the_schedule_is_told_in_its_own_zone(digest: Terminal) -> None:
    digest.env["TIMEZONE"] = "Europe/Madrid"
    first = digest("schedule", "--now", "2026-12-01").out.splitlines()[0]
    sent, draft = "Sunday 6 December 2026, 09:00 (Europe/Madrid)", "Saturday 5 December 2026, 09:00 (Europe/Madrid)"
    assert first == f"2026-W49: {sent}; draft: {draft}"


def test_what_was_given_up_is_not_the_latest_and_no_slot_that_comes(week: Terminal) -> None:
    week("edition", "assemble", "--period", "2026-W12", "--now", BEFORE)
    week("edition", "cancel", "2026-W12")
    assert week("edition", "show", "latest", "--json").json["period"] == "2026-W11"
    assert week("edition", "assemble", "--period", "2026-W13", "--json", "--now", BEFORE).json["number"] == 3
    slots = week("schedule", "--json", "--now", BEFORE).json["slots"]
    assert [each["state"] for each in slots] == ["draft", "cancelled", "draft", None, None]
    assert (
        "2026-W12: Sunday 22 March 2026, 09:00 (Europe/Lisbon); its edition: cancelled\n"
        in week("schedule", "--now", BEFORE).out
    )
    for period in ("2026-W11", "2026-W13"):
        week("edition", "cancel", period)
    assert week("edition", "show", "latest", "--json").json["period"] == "2026-W13", "there is nothing else"


def test_what_closes_before_the_edition_is_not_said_to_be_over_before_it_is(week: Terminal) -> None:
    shown = week("edition", "assemble", "--period", "2026-W13", "--json", "--now", "2026-03-10").json
    reasons = {each["reason"] for each in shown["left_out"]}
    assert "its deadline is 13 March 2026, before this edition goes out" in reasons
    assert not any("was" in each for each in reasons)


def test_one_digest_is_asked_for_either_way(week: Terminal) -> None:
    who = "lucia.ferrer@example.org"
    for command in (["why"], ["render", "--format", "text"]):
        said = week("edition", *command, "latest", who, "--now", BEFORE).out
        assert said == week("edition", *command, "latest", "--for", who, "--now", BEFORE).out != ""
        week("edition", *command, "latest", who, "--for", who, code=2)
    assert week("edition", "why", "latest", code=2).err == "Say whose digest: `digest edition why ED EMAIL`.\n"


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_at_a_terminal_sending_early_is_asked(week: Terminal, inbox: list[Mail], answer: str, code: int) -> None:
    done = week("edition", "send", "latest", "--now", BEFORE, stdin=Keyboard(answer + "\n"), code=code)
    assert "2026-W11 is due on Sunday 15 March 2026, 09:00 (Europe/Lisbon). Send it now? [y/N]" in done.err
    assert len(inbox) == (25 if code == 0 else 0)


@pytest.mark.parametrize(("answer", "options", "code"), [("n", [], 1), ("", [], 1), ("y", [], 0), ("", ["--yes"], 0)])
def test_at_a_terminal_erasing_is_asked(week: Terminal, answer: str, options: list[str], code: int) -> None:
    who = "lucia.ferrer@example.org"
    done = week("subscribers", "erase", who, *options, stdin=Keyboard(answer + "\n"), code=code)
    assert (f"Erase all that is kept of {who}, for good? [y/N]" in done.err) is not bool(options)
    assert any(each["email"] == who for each in week("subscribers", "list", "--json").json["subscribers"]) is bool(code)


def test_a_script_is_not_asked_nor_who_says_yes_nor_when_it_is_due(week: Terminal, inbox: list[Mail]) -> None:
    week("edition", "cancel", "latest")
    for options in (["--yes", "--now", BEFORE], ["--json", "--now", BEFORE], ["--now", SLOT]):
        assert "Send it now?" not in week("edition", "send", "latest", *options, stdin=Keyboard(), code=1).err
    assert inbox == []


def test_a_language_without_a_catalogue_is_named_when_it_is_imported(digest: Terminal) -> None:
    digest("init")
    rows = "a@example.org,fr\nb@example.org,fr-CA\nc@example.org,fr\nd@example.org,es-MX\ne@example.org,en-GB\n"
    done = digest("subscribers", "import", digest.write("list.csv", "email,language\n" + rows))
    assert done.out.startswith("5 added")
    assert done.err == (
        "2 people read fr, in which there is no catalogue: the mail comes in English.\n"
        "1 person reads fr-ca, in which there is no catalogue: the mail comes in English.\n"
    )


def test_an_empty_catalogue_brings_british_dates_to_who_wants_them(week: Terminal) -> None:
    week.env["TEMPLATES"] = "ours"
    week.write("ours/locale/en-GB.po", "")
    shown = {}
    for language in ("en", "en-GB"):
        week("subscribers", "set", "priya+digest@example.com", "--language", language)
        command = ["edition", "render", "latest", "priya+digest@example.com", "--format", "text", "--now", BEFORE]
        shown[language] = week(*command).out
    assert "Hello Priya Raman," in shown["en"]
    assert "Hello Priya Raman," in shown["en-GB"]
    assert "Sunday, March 15" in shown["en"]
    assert "Sunday, 15 March" in shown["en-GB"]


def test_a_newsletter_with_nothing_in_it_is_told(digest: Terminal) -> None:
    digest("init")
    said = digest("items", "import", digest.write("n.txt", "Hello\n").name, "--now", BEFORE).out
    told = "There is no item in n.txt; name the lines of the titles with --title LINE. A feed is imported from its address.\n"
    assert said == told
    said = digest("items", "import", "n.txt", "--title", "1", "--now", BEFORE).err
    assert said.startswith("Drafts: 1 added, 0 updated, 0 left as they were.\n")


@pytest.mark.parametrize("command", [["items", "import", "n.txt"], ["topics", "add", "Housing"]])
def test_the_name_of_a_language_is_no_tag(digest: Terminal, command: list[str]) -> None:
    said = digest(*command, "--language", "English", code=2).err
    assert said == "--language: “English” is not the tag of a language; write one such as en, es or pt-BR.\n"


def test_one_is_told_as_one(digest: Terminal, inbox: list[Mail]) -> None:
    digest("init")
    big = digest.write("big.md", b"x" * 1_100_000)
    assert "big.md: has 1.1 MB; an item may have 1 MB." in digest("items", "add", big.name, code=1).err
    digest("items", "add", digest.write("a.md", "---\nkind: news\ntitle: A title\n---\n\nA body.\n"), "--now", BEFORE)
    digest.env["STAFF"] = "desk@harbour.example"
    digest("tick", "--now", BEFORE)
    [notice] = [mail.message for mail in inbox]
    told = [part.get_content() for part in notice.iter_parts()]
    assert "It has 1 item. It goes out on Sunday 15 March 2026, 09:00 (Europe/Lisbon)." in " ".join(told[0].split())
    assert "<h1" in told[1]


def test_staff_hear_of_it_also_where_the_template_of_the_mail_is_wrong(digest: Terminal, inbox: list[Mail]) -> None:
    digest("init")
    digest("items", "add", digest.write("a.md", "---\nkind: news\ntitle: A title\n---\n\nA body.\n"), "--now", BEFORE)
    broken = digest.folder / "theme" / "alert" / "body.mjml"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ nobody }}")
    digest.env |= {"STAFF": "desk@harbour.example", "TEMPLATES": str(digest.folder / "theme")}
    digest("tick", "--now", BEFORE)
    [notice] = [mail.message for mail in inbox]
    for part in notice.iter_parts():
        assert "It has 1 item." in part.get_content()


def test_a_theme_is_a_folder(week: Terminal) -> None:
    theme = week.folder / "theme"
    theme.mkdir()
    Image.new("RGB", (400, 120), "#8a1c1c").save(theme / "logo.png")
    (theme / "theme.toml").write_text('accent = "#8a1c1c"\nlogo = "logo.png"\n')
    week.env |= {"TEMPLATES": str(theme), "PUBLIC_URL": "https://news.harbour.example"}
    render = ("edition", "render", "latest", "--format", "html", "--now", SLOT)
    html = week(*render).out
    assert re.search(r'src="https://news\.harbour\.example/media/[0-9a-f]{64}-400x120\.\w+"', html)
    assert "#8a1c1c" in html
    week.env["ACCENT"] = "#123456"
    assert "#123456" in week(*render).out
    (theme / "theme.toml").write_text('accent = "#8a1c1c"\nlogo = "logo.svg"\n')
    said = week(*render, code=1).err
    assert said == f"{theme}/theme.toml, line 2: there is no file “logo.svg” in the folder; correct the theme there\n"


def test_the_page_of_the_inbox_breaks_an_address_before_its_domain_only(tmp_path: Path) -> None:
    inbox, content = Inbox(tmp_path), b"Subject: A <b>\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n"
    inbox.mails.append(Mail("", "ana.<i>@harbour.example", content, tmp_path / "01.eml"))
    page = inbox.write_index("Harbour & Co").read_text()
    assert "<a class=reader href='01.html'>ana.&lt;i&gt;<wbr>@harbour.example</a>" in page
    assert "<span class=subject>A &lt;b&gt;</span>" in page
    assert "anywhere" not in page
    assert (tmp_path / "01.html").read_text() == "<p>Hello\n"


def test_the_version(digest: Terminal) -> None:
    assert re.fullmatch(r"digest \d+\.\d+\.\d+\n", digest("--version").out)


def test_every_argument_and_option_is_explained() -> None:
    unexplained = [
        (path, parameter.name)
        for path, command in _commands(typer.main.get_command(commands()), "digest")
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert unexplained == []


def _commands(command: Any, path: str) -> list[tuple[str, Any]]:
    inside = getattr(command, "commands", {}).items()
    return [(path, command), *(each for name, sub in inside for each in _commands(sub, f"{path} {name}"))]


def test_a_new_database_is_its_owners_alone(digest: Terminal) -> None:
    digest("init")
    assert {each.stat().st_mode & 0o777 for each in (digest.folder / "var").glob("digest.db*") if each.is_file()} == {
        0o600
    }


def test_the_doctor_says_that_the_sender_is_missing(digest: Terminal) -> None:
    del digest.env["FROM"]
    for found in ("There is no database", "Active subscribers"):
        said = digest("doctor", code=1).out
        assert found in said
        assert "BAD   sender: DIGEST_FROM is not set; write the address that the digest is sent from in .env." in said
        digest("init")


def test_making_ready_what_is_not_there_is_told(digest: Terminal) -> None:
    digest("init")
    assert digest("items", "ready", "--all").out == "There is no draft.\n"


def test_a_persons_story_has_times_that_people_read(week: Terminal) -> None:
    week("subscribers", "unsubscribe", "amelia.hart@example.org", "--now", "2026-03-14T10:00:07.123456Z")
    said = week("subscribers", "show", "amelia.hart@example.org").out
    assert "Suppressed since 2026-03-14 10:00:07 UTC: unsubscribed." in said


def test_a_slip_in_a_topic_is_told_and_mended(digest: Terminal) -> None:
    digest("init")
    text = "---\nkind: news\ntitle: {}\ntopics: [{}]\n---\n\nA body.\n"
    said = digest("items", "add", digest.write("a.md", text.format("Lifts", "repairs")).name, "--now", BEFORE).err
    assert said == "New topics: repairs.\n"
    said = digest("items", "add", digest.write("b.md", text.format("Roof", "repair")).name, "--now", BEFORE).err
    told = "If that is a slip: `digest topics remove repair --into repairs`."
    assert said == f"New topics: repair (close to repairs).\n{told}\n"
    said = digest("topics", "remove", "repair", code=1).err
    assert said == "“repair” has 1 item and 0 who follow it; say --into TOPIC to give them another one.\n"
    said = digest("topics", "remove", "repair", "--into", "repairs").out
    assert said == "removed: repair; its items (1) and followers (0) have “repairs” now\n"
    assert digest("topics", "list").out.split()[4:] == ["repairs", "Repairs", "2", "0"]
    assert digest("items", "add", "b.md", "--now", BEFORE).out == "0 added, 0 updated, 1 unchanged.\n"
