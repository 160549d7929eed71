"""Settings: each documented, each checked, each named when it is wrong."""

import re
from datetime import time, timedelta
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from digest.core.errors import Misconfigured
from digest.core.pacing import FREE, Limit, Limits
from digest.core.slot import Schedule
from digest.settings import Settings, load, remarks
from digest.settings.forms import LOOPBACK, span

EXAMPLE = Path(__file__).parents[2] / ".env.example"
LINE = re.compile(r"(#?)(DIGEST_[A-Z_]+)=(.*)")


def named():
    """DIGEST_NAME → default, for every setting there is."""
    return {field.alias or f"DIGEST_{name.upper()}": field.default for name, field in Settings.model_fields.items()}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No .env but the test's own."""
    monkeypatch.chdir(tmp_path)


def documented():
    found = map(LINE.fullmatch, EXAMPLE.read_text().splitlines())
    return {match[2]: None if match[1] else match[3] for match in found if match}


def test_the_example_and_the_settings_say_the_same():
    defaults = {name: None if default is None else str(default) for name, default in named().items()}
    assert PydanticUndefined not in named().values()
    assert documented() == defaults


def test_every_setting_has_a_comment_of_its_own_or_of_its_group():
    blocks = EXAMPLE.read_text().split("\n\n")
    for name in documented():
        [block] = [block for block in blocks if re.search(rf"^#?{name}=", block, re.MULTILINE)]
        said = [line for line in block.splitlines() if line.startswith("# ")]
        assert said or name in ("DIGEST_SMTP_HOST", "DIGEST_SMTP_PORT"), name  # the heading says it all


def test_the_example_as_it_is_changes_nothing(tmp_path):
    before = load()
    (tmp_path / ".env").write_text(EXAMPLE.read_text())
    assert load() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLICATION", "two\nlines"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("ARCHIVE", "public"),
        ("ARCHIVE", "yes"),
        ("PUBLICATION", " "),
        ("ACCENT", "red"),
        ("FROM", "nobody"),
        ("FROM", "A <a@harbour.example>\r\nBcc: b@harbour.example"),
        ("FROM", "a@harbour.example, b@harbour.example"),
        ("REPLY_TO", "desk@"),
        ("STAFF", "ana@harbour.example, nobody"),
        ("PUBLIC_URL", "news.example.org"),
        ("PUBLIC_URL", "ftp://news.example.org"),
        ("PUBLIC_URL", "http://news.example.org"),
        ("PUBLIC_URL", "https://news.example.org/?a=b"),
        ("PUBLIC_URL", "https://news.example.org/a b"),
        ("PUBLIC_URL", "https://[::1"),
        ("PUBLIC_URL", "http://127.0.0.1:99999"),
        ("PUBLIC_URL", "http://127.0.0.1:0"),
        ("BOUNCE_DOMAIN", "a@b.example"),
        ("BOUNCE_DOMAIN", "no domain"),
        ("SMTP_PORT", "0"),
        ("SMTP_PORT", "smtp"),
        ("SMTP_PORT", "65536"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_TOKEN_COMMAND", "get 'it"),
        ("SMTP_TOKEN_COMMAND", " "),
        ("SMTP_TOKEN_COMMAND", "without a username"),
        ("IMAP_HOST", "without a login"),
        ("POSTMARK_SECRET", "too short"),
        ("SES_TOPIC", "bounces"),
        ("SES_TOPIC", "arn:aws:sqs:eu-west-1:123456789012:bounces"),
        ("IMAP_PORT", "0"),
        ("IMAP_SECURITY", "ssl"),
        ("IMAP_FOLDER", "two\nlines"),
        ("IMAP_TOKEN_COMMAND", "get 'it"),
        ("IMAP_CA_FILE", "/nowhere.pem"),
        ("SMTP_CONNECTIONS", "0"),
        ("SMTP_CONNECTIONS", "101"),
        ("RATE", "0"),
        ("RATE", "fast"),
        ("DOMAIN_RATE", "-1"),
        ("DOMAIN_RATE", "1.5"),
        ("WARM_UP", "50"),
        ("WARM_UP", "0/day"),
        ("WARM_UP", "50/week"),
        ("SMTP_PROCESSES", "0"),
        ("SMTP_PROCESSES", "17"),
        ("SMTP_CA_FILE", "missing.pem"),
        ("SMTP_CA_FILE", "."),
        ("SMTP_CA_FILE", str(EXAMPLE)),
        ("SMTP_HOST", "mail..example"),
        ("SMTP_HOST", "mail.example.org:587"),
        ("SMTP_HOST", "https://mail.example.org"),
        ("SMTP_HOST", "x" * 64),
        ("IMAP_HOST", "mail example"),
        ("DKIM_SELECTOR", "a b"),
        ("DKIM_DOMAIN", "no domain"),
        ("DKIM_DOMAIN", "harbour.example, no domain"),
        ("DKIM_DOMAIN", "one.example, two.example"),
        ("DKIM_KEY", "without a selector"),
        ("DKIM_KEY_FILE", "key-without-a-selector.pem"),
        ("TIMEZONE", "Mars/Olympus"),
        ("SCHEDULE", "sunday"),
        ("LEAD", "a day"),
        ("LATE_LIMIT", "6"),
        ("LATE_LIMIT", "0h"),
        ("APPROVAL", "maybe"),
        ("ITEM_WEEKS", "0"),
        ("MAX_ITEMS", "many"),
        ("TEMPLATES", "missing"),
        ("WEB_BIND", "8000"),
        ("WEB_BIND", "127.0.0.1:99999"),
        ("WEB_BIND", "127.0.0.1:0"),
        ("WEB_BIND", "127.0.0.1:80 80"),
    ],
)
def test_a_bad_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"DIGEST_{name}", value)
    with pytest.raises(Misconfigured, match=rf"^DIGEST_{name}: \S") as caught:
        load()
    said = str(caught.value)
    assert "\n" not in said
    assert not re.search("pydantic|[Ii]nput should|unable to|IPv6 URL|out of range", said)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_PORT", "smtp", "“smtp” is not a whole number from 1 to 65535; write one like 25"),
        ("MAX_ITEMS", "0", "“0” is not a whole number from 1 to 100; write one like 12"),
        ("ITEM_WEEKS", "9" * 5000, "is not a whole number from 1 to 520; write one like 4"),
        ("SMTP_SECURITY", "ssl", "“ssl” is not one of its values; write none, starttls or tls"),
        ("PUBLIC_URL", "https://[::1", "is not a web address; write one like https://news.example.org"),
    ],
)
def test_a_bad_value_is_told_with_a_good_one(monkeypatch, name, value, said):
    monkeypatch.setenv(f"DIGEST_{name}", value)
    with pytest.raises(Misconfigured, match=re.escape(said)):
        load()


@pytest.mark.parametrize(
    "host", ["localhost", "relay_1", "mail.example.org.", "smtp.büro.example", "192.0.2.1", "2001:db8::1"]
)
def test_a_host_is_a_name_or_an_address(monkeypatch, host):
    monkeypatch.setenv("DIGEST_SMTP_HOST", host)
    assert load().smtp_host == host


def test_a_name_that_is_no_setting_is_named_with_the_one_that_was_meant(monkeypatch, tmp_path):
    monkeypatch.setenv("DIGEST_SMPT_HOST", "mail.example.org")
    monkeypatch.setenv("DIGEST_QQQQQ", "1")
    monkeypatch.setenv("DIGEST_TEST_X", "ours")
    monkeypatch.setenv("DIGEST_REQUIRE_X", "ours")
    monkeypatch.setenv("DIGEST_SECRET", "guess me")
    (tmp_path / ".env").write_text("DIGEST_FORM=weekly@harbour.example\nELSEWHERE=1\n")
    assert remarks(load()) == [
        "DIGEST_FORM is not a setting; did you mean DIGEST_FROM?",
        "DIGEST_QQQQQ is not a setting; see .env.example.",
        "DIGEST_SMPT_HOST is not a setting; did you mean DIGEST_SMTP_HOST?",
        "DIGEST_SECRET has fewer than 16 characters; write 32 random ones.",
    ]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"USERNAME": "weekly"}, "PASSWORD"),
        ({"USERNAME": "weekly", "PASSWORD": "x", "TOKEN_COMMAND": "get"}, "TOKEN_COMMAND"),
        ({"TOKEN_COMMAND": "get"}, "TOKEN_COMMAND"),
    ],
)
def test_half_a_login_is_none(monkeypatch, given, named):
    for name, value in given.items():
        monkeypatch.setenv(f"DIGEST_SMTP_{name}", value)
    with pytest.raises(Misconfigured, match=rf"^DIGEST_SMTP_{named}: ") as caught:
        load()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SELECTOR": "a", "KEY": "x", "KEY_FILE": "a.pem"}, "KEY"),
        ({"SELECTOR": "a, b", "KEY": "x"}, "KEY"),
        ({"SELECTOR": "a, b", "KEY_FILE": "a.pem"}, "KEY_FILE"),
        ({"SELECTOR": "a, b, c", "KEY_FILE": "a, b, c", "DOMAIN": "one.example, two.example"}, "DOMAIN"),
        ({"SELECTOR": "a, a", "KEY_FILE": "a.pem, b.pem"}, "SELECTOR"),
    ],
)
def test_dkim_settings_that_do_not_go_together(monkeypatch, given, named):
    for name, value in given.items():
        monkeypatch.setenv(f"DIGEST_DKIM_{name}", value)
    with pytest.raises(Misconfigured, match=rf"^DIGEST_DKIM_{named}: "):
        load()


def test_each_key_has_its_domain():
    two = {"dkim_selector": "a, b", "dkim_key_file": "a.pem, b.pem", "_env_file": None}
    assert Settings(**two).dkim_names("harbour.example") == [("a", "harbour.example"), ("b", "harbour.example")]
    assert Settings(**two, dkim_domain="One.example").dkim_names("x") == [("a", "one.example"), ("b", "one.example")]
    apart = Settings(**two | {"dkim_selector": "a, a"}, dkim_domain="one.example, Bücher.example")
    assert apart.dkim_names("x") == [("a", "one.example"), ("a", "xn--bcher-kva.example")]


def test_every_bad_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("DIGEST_TIMEZONE", "x")
    monkeypatch.setenv("DIGEST_LEAD", "y")
    with pytest.raises(Misconfigured) as caught:
        load()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["DIGEST_TIMEZONE", "DIGEST_LEAD"]


def test_no_secret_is_ever_shown(monkeypatch):
    for name in ("SECRET", "SECRETS_RETIRED", "PEPPER", "SMTP_PASSWORD"):
        monkeypatch.setenv(f"DIGEST_{name}", "hunter2 and some more")
    monkeypatch.setenv("DIGEST_SMTP_USERNAME", "weekly")
    monkeypatch.setenv("DIGEST_DKIM_SELECTOR", "s")
    monkeypatch.setenv("DIGEST_DKIM_KEY", "hunter2")
    assert "hunter2" not in repr(load())
    monkeypatch.delenv("DIGEST_SMTP_PASSWORD")
    monkeypatch.setenv("DIGEST_SMTP_TOKEN_COMMAND", "get --key hunter2")
    assert "hunter2" not in repr(load())


def test_the_environment_wins_over_the_file_and_an_empty_value_is_none(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("DIGEST_PUBLICATION=“Días”\nDIGEST_TIMEZONE=Europe/Madrid\nDIGEST_LEAD=\n", "utf-8")
    monkeypatch.setenv("DIGEST_TIMEZONE", "Europe/Paris")
    monkeypatch.setenv("DIGEST_REPLY_TO", "")
    loaded = load()
    assert (loaded.publication, loaded.timezone, loaded.lead, loaded.reply_to) == (
        "“Días”",
        "Europe/Paris",
        "24h",
        None,
    )


def test_a_file_that_cannot_be_read_is_told_from_one_that_is_not_there(tmp_path):
    (tmp_path / ".env").mkdir()
    with pytest.raises(Misconfigured, match=r"\.env cannot be read: is a directory"):
        load()


@pytest.mark.parametrize("line", ["a sentence about it", 'DIGEST_FROM="weekly@harbour.example', "DIGEST_FROM='x' y"])
def test_a_line_that_would_be_left_out_is_named(tmp_path, line):
    (tmp_path / ".env").write_text(f"# a comment\n\nexport DIGEST_LEAD=2d\n{line}\nDIGEST_TIMEZONE=UTC\n")
    with pytest.raises(Misconfigured, match=r"\.env, line 4: write NAME=value"):
        load()


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    (tmp_path / ".env").write_bytes("DIGEST_PUBLICATION=Días".encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"\.env is not UTF-8"):
        load()


@pytest.mark.parametrize(
    ("host", "port", "security"),
    [
        ("127.0.0.1", 25, "none"),
        ("localhost", 587, "none"),
        ("mail.example.org", 465, "tls"),
        ("mail.example.org", 25, "starttls"),
    ],
)
def test_security_that_nobody_set(host, port, security):
    assert Settings(smtp_host=host, smtp_port=port).security == security


def test_clear_text_off_this_machine_is_refused(monkeypatch):
    monkeypatch.setenv("DIGEST_SMTP_SECURITY", "none")
    monkeypatch.setenv("DIGEST_SMTP_HOST", "mail.example.org")
    with pytest.raises(Misconfigured, match=r"^DIGEST_SMTP_SECURITY: “none” is for a server on this machine"):
        load()


@pytest.mark.parametrize(
    ("values", "bind"),
    [
        ({}, ("127.0.0.1", 8000)),
        ({"public_url": "https://news.example.org"}, ("127.0.0.1", 8000)),
        ({"public_url": "http://localhost:9000/"}, ("localhost", 9000)),
        ({"public_url": "http://127.0.0.1"}, ("127.0.0.1", 80)),
        ({"public_url": "http://127.0.0.1:9000", "web_bind": "[::1]:8080"}, ("::1", 8080)),
    ],
)
def test_where_the_pages_listen(values, bind):
    assert Settings(**values).bind == bind


def test_from_needs_to_be_set_and_is_named_after_the_publication(monkeypatch):
    with pytest.raises(Misconfigured, match="DIGEST_FROM is not set"):
        load().from_mailbox  # noqa: B018  a property that refuses
    monkeypatch.setenv("DIGEST_FROM", "weekly@Harbour.example")
    monkeypatch.setenv("DIGEST_PUBLICATION", "Harbour Weekly")
    assert load().from_mailbox == ("Harbour Weekly", "weekly@harbour.example")
    monkeypatch.setenv("DIGEST_FROM", '"Desk, Harbour" <weekly@harbour.example>')
    assert load().from_mailbox == ("Desk, Harbour", "weekly@harbour.example")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        (" 24H ", timedelta(days=1)),
        ("2 d", timedelta(days=2)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_spans(text, length):
    assert span(text) == length


def test_the_schedule_is_meant_in_the_zone():
    assert Settings(schedule="mon 7:30", timezone="Europe/Madrid").weekly == Schedule(0, time(7, 30), "Europe/Madrid")
    assert "localhost" in LOOPBACK


def test_limits_are_none_until_they_are_set():
    assert Settings(_env_file=None).limits == FREE
    slow = Settings(rate=120, domain_rate=5, warm_up=" 50 / Day", _env_file=None)
    assert slow.limits == Limits(Limit(120, 50), Limit(5))


def test_a_mailbox_elsewhere_is_looked_into_over_tls_alone(monkeypatch):
    for name in ("HOST", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"DIGEST_IMAP_{name}", "mail.example")
    assert load().imap_security == "tls"
    monkeypatch.setenv("DIGEST_IMAP_SECURITY", "none")
    with pytest.raises(Misconfigured, match="DIGEST_IMAP_SECURITY: “none” is for a server on this machine"):
        load()
