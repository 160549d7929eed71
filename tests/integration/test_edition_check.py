"""What the preflight says of stored editions: judged by what real subscribers get, and in the way of approval where it blocks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from stored import NOW, installation, put, subscribe

from digest.app import bundled
from digest.core.errors import Refused
from digest.core.finding import Finding, Severity
from digest.core.when import When
from digest.mailbox.spam import Verdict
from digest.pipeline import assemble, dispatch, intake, outdated, preflight
from digest.store import editions, items


@pytest.fixture
def here(sqlite, tmp_path):
    return installation(sqlite, tmp_path / "templates", postal_address="Harbour House, 3 Quay Street, Cabo Manso")


def made(here, **words):
    """The next edition's draft; its id."""
    with_words = assemble.Words(**words)
    languages = here.compiler.languages()
    period = assemble.assemble(here.database, here.plan, period=None, now=NOW, words=with_words, languages=languages)
    with here.database.read() as session:
        return editions.find(session, period).identity


def said(here, edition_id):
    return [(each.severity, each.where, each.what) for each in dispatch.check(here.office, edition_id)]


def test_an_ordinary_week_passes_in_every_language(here):
    put(here, "Rents rise", ["housing"], url="https://a.example/")
    put(here, "Harbour clean-up", ["harbour"], kind="event", starts=When.parse("2026-03-21T09:00"), venue="Slipway")
    subscribe(here, "ana@example.org", topics=["housing"])
    subscribe(here, "iker@example.net", language="es", topics=["harbour"])
    edition_id = made(here)
    assert said(here, edition_id) == []
    dispatch.approve_checked(here.office, edition_id, "staff")
    assert said(here, edition_id) == []


def test_the_size_that_counts_is_that_of_the_longest_digest_that_somebody_gets(here):
    here.settings.max_items = 1
    put(here, "One", ["one"], "x" * 39_000)
    put(here, "Two", ["two"], "y" * 39_000)
    subscribe(here, "ana@example.org", topics=["one"])
    subscribe(here, "ben@example.org", topics=["two"])
    edition_id = made(here)
    assert said(here, edition_id) == []
    here.settings.max_items = 12
    put(here, "Three", ["one"], "z" * 39_000)
    put(here, "Four", ["one"], "z" * 9_000)
    edition_id = made(here)
    [(severity, where, what)] = said(here, edition_id)
    assert (severity, where) == ("blocking", "mail (en)")
    assert "KB of HTML" in what
    with pytest.raises(Refused, match=r"is not approved: mail.*approve 2026-W11 --anyway"):
        dispatch.approve_checked(here.office, edition_id, "staff")
    assert dispatch.get(here.database, edition_id).state == "draft"


def test_items_and_subscribers_that_go_without_are_named(here):
    here.settings.max_items = 1
    put(here, "Rents rise", ["housing"], priority=5)
    nobody = put(here, "Model trains", ["trains"])
    subscribe(here, "ana@example.org", language="de", topics=["housing"])
    assert [(where, what) for _, where, what in said(here, made(here))] == [
        (f"item {nobody}, “Model trains”", "Nobody gets it."),
        ("subscribers", "No catalogue speaks “de”; its readers (1) get another language."),
    ]


def test_what_was_corrected_or_put_away_after_assembling_is_told_with_what_to_do(here):
    rents, clean_up = put(here, "Rents rise", url="https://a.example/"), put(here, "Clean-up", url="https://a.example/")
    subscribe(here, "ana@example.org")
    edition_id = made(here)
    assert said(here, edition_id) == []
    with here.database.write() as session:
        before = items.by_id(session, rents)
        corrected = replace(before.item, body="About rents that fall.")
        items.put(
            session, corrected, status=before.status, source="test", uid=before.uid, html="", content_hash="x", now=NOW,
            previous=before,
        )  # fmt: skip
    intake.archive(here.database, [clean_up], NOW)
    found = dispatch.check(here.office, edition_id)
    assert {each.where for each in found} == {f"item {rents}, “Rents rise”", f"item {clean_up}, “Clean-up”"}
    assert all(each.severity is Severity.WARNING and "edition assemble" in each.do for each in found)
    dispatch.approve_checked(here.office, edition_id, "staff")
    assert ["edition reopen" in each.do for each in dispatch.check(here.office, edition_id)] == [True, True]
    [(row, count)] = outdated.waiting(here.database)
    assert (row.id, count) == (edition_id, 2)
    dispatch.change(here.database, edition_id, "reopen")
    made(here)
    assert (said(here, edition_id), outdated.waiting(here.database)) == ([], [])


def test_what_closes_before_a_late_edition_goes_out(here):
    put(here, "Vote", kind="action", url="https://a.example/", deadline=When.parse("2026-03-15T12:00"))
    put(here, "Rents rise")
    subscribe(here, "ana@example.org")
    edition_id = made(here)
    late = preflight.check(
        here.database, here.press, here.sender, edition_id, now=NOW + timedelta(days=1, hours=4), slot_key="k1"
    )
    assert [each.what for each in late] == ["It is over when the edition goes out, so nobody gets it."]


def test_a_big_difference_from_the_last_edition_is_told(here):
    put(here, "Rents rise")
    for number in range(9):
        subscribe(here, f"reader{number}@example.org")
    first = made(here)
    dispatch.approve_checked(here.office, first, "staff")
    dispatch.begin(here.database, first, NOW)
    dispatch.fan_out(here.database, here.press, here.sender, first, NOW)
    for number in range(9, 30):
        subscribe(here, f"reader{number}@example.org")
    put(here, "Rents fall")
    second = assemble.assemble(
        here.database,
        here.plan,
        period="2026-W12",
        now=NOW,
        words=assemble.Words(),
        languages=here.compiler.languages(),
    )
    with here.database.read() as session:
        edition_id = editions.find(session, second).identity
    assert said(here, edition_id) == [("warning", "edition", "It has 30 subscribers; the last one had 9.")]


def test_templates_that_break_and_words_that_miss_something(here, tmp_path):
    put(here, "Dear *|FNAME|*")
    subscribe(here, "ana@example.org")
    edition_id = made(here, subject="Hello {{ name }}")
    assert [(severity, what) for severity, _, what in said(here, edition_id)] == [
        ("blocking", "“*|FNAME|*” is a token that nothing replaces."),
        ("blocking", "“{{ name }}” is a token that nothing replaces."),
    ]
    (tmp_path / "templates" / "digest").mkdir()
    (tmp_path / "templates" / "digest" / "subject.txt").write_text("{{ nothing }}")
    del here.compiler
    [(severity, where, what)] = said(here, made(here, subject=""))
    assert (severity, where) == ("blocking", "templates")
    assert "line 1" in what


def test_colours_of_a_theme_that_cannot_be_read(here, tmp_path):
    put(here, "Rents rise")
    subscribe(here, "ana@example.org")
    house = tmp_path / "templates" / "house"
    house.mkdir()
    palette = bundled("templates", "email", "house", "palette.j2").read_text()
    (house / "palette.j2").write_text(palette.replace("muted = theme.light.muted", 'muted = "#aaaaaa"'))
    found = said(here, made(here))
    assert {where for _, where, _ in found} == {"theme"}
    assert any("“muted” on “paper” has a contrast of 2.3" in what for _, _, what in found)


def test_a_long_list_of_findings_is_cut_in_letters_and_reasons():
    found = [Finding(Severity.BLOCKING, f"Fault {number}.", "mail", "Mend it.") for number in range(5)]
    assert preflight.reasons(found, 2) == "mail: Fault 0; mail: Fault 1; and 3 more"
    assert preflight.in_words(found, 1) == "blocking: mail: Fault 0. Mend it.\nand 4 more"
    assert preflight.in_words(found).endswith("blocking: mail: Fault 4. Mend it.")


def test_links_and_a_spam_filter_have_their_word(here):
    put(here, "Rents rise", url="https://a.example/rents")
    subscribe(here, "ana@example.org")
    edition_id, asked = made(here), []
    dead = Finding(Severity.BLOCKING, "It is dead.", "item 1", "Correct it.")

    def spam(message):
        asked.append(message)
        return Verdict(3.0, 5.0, ("SUBJ_ALL_CAPS",))

    found = dispatch.check(here.office, edition_id, lambda links: asked.append(links) or [dead], spam)
    assert found[0] == dead
    assert "gives it 3 points of the 5 that make spam (SUBJ_ALL_CAPS)" in found[1].what
    links, message = asked
    assert links == [("https://a.example/rents", "item 1, “Rents rise”")]
    assert b"To: ana@example.org\r\n" in message
    assert dispatch.check(here.office, edition_id, None, lambda _: Verdict(2.9, 5.0, ())) == []


def test_whoever_sends_unseen_asks_the_spam_filter_too(here, monkeypatch):
    put(here, "Rents rise")
    subscribe(here, "ana@example.org")
    edition_id = made(here)
    assert here.check(edition_id) == []
    monkeypatch.setattr("digest.app.judge", lambda _message: Verdict(4.0, 5.0, ("SUBJ_ALL_CAPS",)))
    assert ["SUBJ_ALL_CAPS" in each.what for each in here.check(edition_id)] == [True]
