"""Lists come in, people leave: every bad row by its line, all or nothing, and nobody who left comes back by a list."""

import csv
import io
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from digest.core.errors import Refused
from digest.core.item import Kind
from digest.core.token import address_hmac
from digest.pipeline import consent, lists
from digest.pipeline.list_rows import COLUMNS
from digest.store import subscribers, suppressions
from digest.store.database import Database
from digest.store.tables import ConsentRow, SubscriberRow
from digest.store.topics import topic_names

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
PEPPER = "a pepper for the tests"
HEAD = "email,name,language,topics,consent_at,consent_source\n"


@pytest.fixture
def bring(sqlite, tmp_path):
    def act(text, **options):
        path = tmp_path / "list.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return lists.import_list(sqlite, path, pepper="p", now=NOW, **options)

    return act


def people(db):
    return {person.email: person for person in consent.everyone(db)}


def test_a_list_is_stored_with_its_consent(bring, sqlite):
    result = bring(
        HEAD + 'Ana@Example.net,"Ruiz, Ana",ES,Housing; Public Libraries;housing,2025-01-02,fair\n'
        "\n , , , , , \nben@example.net,Ben\xa0Lee,pt_BR,,2025-01-02T10:00+02:00,\n"
    )
    assert (result.added, result.rejected, result.applied, result.ignored_columns) == (2, [], True, [])
    ana, ben = people(sqlite).values()
    assert (ana.email, ana.name, ana.language, ana.state) == ("Ana@example.net", "Ruiz, Ana", "es", "active")
    assert ana.interests == {"housing": 1, "public-libraries": 1}
    assert (ben.name, ben.language, ben.interests) == ("Ben Lee", "pt-br", {})
    with sqlite.read() as session:
        kept = session.scalars(select(ConsentRow).order_by(col(ConsentRow.at))).all()
    assert [(row.subscriber_hmac, row.action, row.source, row.at) for row in kept] == [
        (address_hmac("p", "ana@example.net"), "imported", "fair", datetime(2025, 1, 2, tzinfo=UTC)),
        (address_hmac("p", "ben@example.net"), "imported", "imported list", datetime(2025, 1, 2, 8, tzinfo=UTC)),
    ]


def test_the_same_list_again_changes_nothing_and_a_new_one_updates(bring, sqlite):
    text = HEAD + "ana@example.net,Ana,en,housing,,\nben@example.net,Ben,en,,,\n"
    bring(text)
    again = bring(text)
    assert (again.added, again.updated, again.unchanged) == (0, 0, 2)
    changed = bring(text.replace("housing", "water"))
    assert (changed.added, changed.updated, changed.unchanged) == (0, 1, 1)
    assert people(sqlite)["ana@example.net"].interests == {"water": 1}
    with sqlite.read() as session:
        assert len(session.scalars(select(ConsentRow)).all()) == 3


BAD_ROWS = [
    (",Nobody,en,,,", "email", "the address is empty"),
    ("nobody,,en,,,", "email", "“nobody” is not an address"),
    ("a@b@example.net,,en,,,", "email", "is not an address"),
    ('"eve@example.net\r\nBcc: x@example.net",,en,,,', "email", "has a line break"),
    ("good@example.net,,en,,,", "email", "the address is there already, in line 2"),
    ("GOOD@Example.NET,,en,,,", "email", "the address is there already, in line 2"),
    ('eve@example.net,"E\nve",en,,,', "name", "it has a line break or another control character"),
    (f"eve@example.net,{'x' * 201},en,,,", "name", "it is longer than 200 characters"),
    ("eve@example.net,,english please,,,", "language", "“english please” is not a language"),
    ("eve@example.net,,e,,,", "language", "“e” is not a language"),
    (
        "eve@example.net,,en,housing=0;water,,",
        "topics",
        "“housing=0” has no weight from 1 to 9; write one like housing=3",
    ),
    ("eve@example.net,,en,housing=lots,,", "topics", "“housing=lots” has no weight"),
    ("eve@example.net,,en,,last spring,", "consent_at", "“last spring” is not an ISO date"),
    ("eve@example.net,,en,,0001-01-01T00:00+14:00,", "consent_at", "is not an ISO date"),
    ("eve@example.net,,en,,,a\x00b", "consent_source", "it has a line break or another control character"),
    (f"eve@example.net,,en,,,{'x' * 201}", "consent_source", "it is longer than 200"),
    ("eve@example.net,Eve,en", None, "it has 3 fields where the header has 6"),
    ("eve@example.net,Eve,en,,,,,", None, "it has 8 fields where the header has 6"),
    ('eve@example.net,"Eve"x,en,,,', None, "double quote"),
]


@pytest.mark.parametrize(("row", "column", "reason"), BAD_ROWS)
def test_a_bad_row_keeps_all_out_unless_told_to_keep_going(bring, sqlite, row, column, reason):
    filler = " " * 5000  # what makes a file look binary is looked for at its start
    text = f"{HEAD}good@example.net,{filler},en,,,\n{row}\nlast@example.net,Last,en,,,\n"
    result = bring(text)
    [bad] = result.rejected
    assert (bad.line, bad.column, result.applied) == (3, column, False)
    assert reason in bad.reason
    assert people(sqlite) == {}
    partly = bring(text, keep_going=True)
    assert (partly.added, len(partly.rejected), partly.applied) == (2, 1, True)
    assert {*people(sqlite)} == {"good@example.net", "last@example.net"}


def test_line_numbers_stay_right_after_quoted_line_breaks_and_empty_lines(bring):
    result = bring(
        'email,"no\nte"\n'  # lines 1 and 2
        'a@example.net,"one\ntwo\nthree"\n'  # 3 to 5
        "\n"
        "bad\n"  # 7
        'worse@,"x\ny"\n'  # 8 and 9
        "b@example.net,x\n"
        "worst@,\n"  # 11
    )
    assert [(bad.line, bad.column) for bad in result.rejected] == [(7, None), (8, "email"), (11, "email")]


def test_a_quote_that_is_never_closed_is_named_where_it_began(bring, sqlite):
    result = bring('email,name\na@example.net,"A\nb@example.net,B\nc@example.net,C\n', keep_going=True)
    assert [(bad.line, bad.reason[:18]) for bad in result.rejected] == [(2, "a double quote is ")]
    assert people(sqlite) == {}


def test_all_mistakes_of_a_row_come_at_once(bring):
    result = bring(HEAD + "nobody,,?,,never,\n")
    assert [(bad.line, bad.column) for bad in result.rejected] == [(2, "email"), (2, "language"), (2, "consent_at")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("E-Mail;name\na@example.net;A\n", "no column is called “email”"),
        ("name,topics\nA,\n", "no column is called “email”"),
        ("a@example.net,A\n", "no column is called “email”"),
        ("\nemail,name\n", "no column is called “email”"),
        ("email,name,Name\n", "the column “name” is there twice"),
        ('"email', "has no header line"),
        (b"email,name\na@example.net,Jos\xe9\n", "line 2: this is not UTF-8"),
        ("email,name\n".encode("utf-16"), "looks like UTF-16"),
        (b"PK\x03\x04\x14\x00", "is a workbook or document of an office program; save it as CSV"),
        ("", "is empty"),
        ("\ufeff\n", "is empty"),
    ],
)
def test_a_file_that_is_no_list(bring, text, reason):
    with pytest.raises(Refused, match=r"list\.csv") as caught:
        bring(text)
    assert reason in str(caught.value)


def test_a_list_as_spreadsheets_write_it(bring, sqlite):
    result = bring(b"\xef\xbb\xbf" + b'"Email","NAME","Notes",""\r\n"ana@example.net","Ana","x",""\r\n')
    assert (result.added, result.ignored_columns) == (1, ["notes", ""])
    assert people(sqlite)["ana@example.net"].name == "Ana"


@pytest.mark.parametrize("mark", [";", "\t"])
def test_columns_are_separated_as_spreadsheets_of_other_countries_have_it(bring, sqlite, mark):
    result = bring(f'email{mark}name{mark}topics\r\na@example.net{mark}"Ruiz, Ana"{mark}"housing;library"\r\n')
    assert (result.added, result.rejected) == (1, [])
    assert people(sqlite)["a@example.net"].interests == {"housing": 1, "library": 1}
    [bad] = bring(f"email{mark}name\nb@example.net{mark}B{mark}C\n").rejected
    assert bad.reason == "it has 3 fields where the header has 2"


def test_topics_that_a_list_makes_are_told_with_those_they_look_like(bring):
    assert bring(HEAD + "ana@example.net,,en,repair,,\n", dry_run=True).new_topics == {"repair": []}
    bring(HEAD + "ana@example.net,,en,repair,,\n")
    again = bring(HEAD + "ben@example.net,,en,repair;repairs,,\n")
    assert again.new_topics == {"repairs": ["repair"]}


def test_a_dry_run_tells_all_and_changes_nothing(bring, sqlite):
    result = bring(HEAD + "ana@example.net,,en,new-topic,,\n", dry_run=True)
    assert (result.added, result.applied) == (1, False)
    assert people(sqlite) == {}
    with sqlite.read() as session:
        assert session.scalars(select(ConsentRow)).all() == []
        assert topic_names(session) == {}
    assert bring(HEAD + "ana@example.net,,en,new-topic,,\n").added == 1


def test_who_left_stays_out_of_every_list_and_of_every_form(bring, sqlite):
    text = HEAD + "ana@example.net,,en,,,\nben@example.net,,en,,,\n"
    bring(text)
    gone = consent.unsubscribe(sqlite, "ANA@example.net", pepper="p", now=NOW)
    assert gone.state == "unsubscribed"
    result = bring(text.replace("ana@", "Ana@"))
    assert (result.suppressed, result.unchanged, result.updated) == (1, 1, 0)
    assert people(sqlite)["ana@example.net"].state == "unsubscribed"
    with pytest.raises(Refused, match="left or bounced before"):
        consent.add(sqlite, "ana@example.net", name="", language="en", topics=[], pepper="p", now=NOW, source="staff")


@pytest.mark.parametrize("state", ["unsubscribed", "suppressed"])
def test_the_state_alone_keeps_somebody_out_when_the_suppression_is_lost(bring, sqlite, state):
    bring(HEAD + "ana@example.net,,en,,,\n")
    with sqlite.write() as session:
        session.execute(update(SubscriberRow).values(state=state))
    assert bring(HEAD + "ana@example.net,,es,,,\n").suppressed == 1
    assert people(sqlite)["ana@example.net"].state == state


def test_an_erased_address_stays_out(bring, sqlite):
    with sqlite.write() as session:
        suppressions.put(session, address_hmac("p", "ana@example.net"), "complaint", NOW)
    assert (bring(HEAD + "ana@example.net,,en,,,\n").suppressed, people(sqlite)) == (1, {})


def test_one_person_is_added_and_changed(sqlite):
    fields = {"name": "Ana", "language": "es", "topics": ["Housing"], "pepper": "p", "now": NOW, "source": "staff"}
    assert consent.add(sqlite, "ana@example.net", **fields).interests == {"housing": 1}
    changed = consent.change(sqlite, "ana@example.net", name=None, language=None, topics=["Water"], now=NOW)
    assert (changed.name, changed.language, changed.interests) == ("Ana", "es", {"water": 1})
    changed = consent.change(sqlite, "ana@example.net", name="", language="en", topics=None, now=NOW)
    assert (changed.name, changed.language, changed.interests) == ("", "en", {"water": 1})
    assert consent.find(sqlite, "ANA@EXAMPLE.NET") == changed
    for name, language, word in (("x" * 201, "en", "name"), ("a\nb", "en", "name"), ("", "?", "language")):
        with pytest.raises(Refused, match=f"The {word} cannot be taken"):
            consent.add(sqlite, "eve@example.net", **fields | {"name": name, "language": language})
        with pytest.raises(Refused, match=f"The {word} cannot be taken"):
            consent.change(sqlite, "ana@example.net", name=name, language=language, topics=None, now=NOW)
    for act in (consent.find, lambda db, email: consent.unsubscribe(db, email, pepper="p", now=NOW)):
        with pytest.raises(Refused, match="is not a subscriber"):
            act(sqlite, "eve@example.net")
        with pytest.raises(Refused, match="is not an address"):
            act(sqlite, "eve")


def test_twenty_thousand_rows(bring, sqlite):
    told = []
    lines = [
        f"p{n}@example.net,Person {n},{'es' if n % 3 else 'en'},topic-{n % 9};topic-{n % 5},," for n in range(20_000)
    ]
    result = bring(HEAD + "\n".join(lines), progress=lambda done, total: told.append((done, total)))
    assert (result.added, result.rejected) == (20_000, [])
    assert told[-1] == (20_000, 20_000)
    with sqlite.read() as session:
        assert subscribers.count(session, "active") == 20_000


def import_(db, tmp_path, text):
    path = tmp_path / "brought.csv"
    path.write_text(text, "utf-8")
    return lists.import_list(db, path, pepper=PEPPER, now=NOW)


def test_a_column_that_is_not_there_says_nothing(database, tmp_path):
    import_(database, tmp_path, "email,name,language,topics\na@example.org,Ana,es,pool;choir\n")
    result = import_(database, tmp_path, "email\na@example.org\n")
    assert (result.updated, result.unchanged) == (0, 1)
    import_(database, tmp_path, "email,topics\na@example.org,\n")
    person = consent.find(database, "a@example.org")
    assert (person.name, person.language, dict(person.interests)) == ("Ana", "es", {})


def test_adding_somebody_who_is_there_keeps_what_is_not_told(database):
    told = {"name": "Zed", "language": "es", "topics": ["pool"]}
    consent.add(database, "z@example.org", **told, pepper=PEPPER, now=NOW, source="by hand")
    nothing = {"name": None, "language": None, "topics": None}
    person = consent.add(database, "z@example.org", **nothing, pepper=PEPPER, now=NOW, source="by hand")
    assert (person.name, person.language, set(person.interests)) == ("Zed", "es", {"pool"})


def test_an_export_brings_nobody_back(database, new_url, tmp_path):
    import_(database, tmp_path, "email,consent_at,consent_source\na@example.org,2025-03-09,form\nb@example.org,,\n")
    consent.unsubscribe(database, "b@example.org", pepper=PEPPER, now=NOW)
    rows = list(lists.export(database, PEPPER))
    text = ",".join(COLUMNS) + "\n" + "".join(",".join(row.values()) + "\n" for row in rows)
    other = Database(new_url("sqlite"))
    other.migrate()
    result = import_(other, tmp_path, text)
    assert (result.added, result.suppressed) == (1, 1)
    assert [each.email for each in consent.everyone(other)] == ["a@example.org"]
    again = import_(other, tmp_path, "email\nb@example.org\n")
    assert (again.added, again.suppressed) == (0, 1)
    assert next(iter(lists.export(other, PEPPER)))["consent_at"].startswith("2025-03-09")
    other.dispose()


@pytest.mark.parametrize("name", ['=HYPERLINK("https://x.example","a")', "+1", "-Ana", "@ana", "'Ana", "''=a", "Ana"])
def test_no_name_in_an_export_is_a_formula_and_each_comes_back_as_it_was(sqlite, tmp_path, name):
    consent.add(sqlite, "a@example.org", name=name, language=None, topics=None, pepper=PEPPER, now=NOW, source="=1+1")
    [row] = lists.export(sqlite, PEPPER)
    assert not row["name"].startswith(("=", "+", "-", "@"))
    assert row["consent_source"] == "'=1+1"
    told = io.StringIO()
    writer = csv.DictWriter(told, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    assert import_(sqlite, tmp_path, told.getvalue()).unchanged == 1


def test_weights_and_kinds_come_in_are_changed_and_go_out_as_they_came(bring, sqlite):
    told = (
        "email,topics,kinds\nana@example.net,housing=3;water,actionable\nben@example.net,water=1,Press release; news\n"
    )
    assert bring(told).added == 2
    ana, ben = people(sqlite).values()
    assert (ana.interests, ana.kinds) == ({"housing": 3, "water": 1}, {Kind.ACTION, Kind.EVENT})
    assert (ben.interests, ben.kinds) == ({"water": 1}, {Kind.PRESS_RELEASE, Kind.NEWS})
    assert bring(told).unchanged == 2
    rows = list(lists.export(sqlite, "p"))
    assert [(row["topics"], row["kinds"]) for row in rows] == [
        ("housing=3;water", "action;event"),
        ("water", "news;press_release"),
    ]
    assert bring("email,topics\nana@example.net,housing=4;water\n").updated == 1
    assert people(sqlite)["ana@example.net"].kinds == {Kind.ACTION, Kind.EVENT}, (
        "a column that is not there says nothing"
    )
    assert (bring("email,kinds\nana@example.net,\n").updated, people(sqlite)["ana@example.net"].kinds) == (
        1,
        frozenset(),
    )
    [bad] = bring("email,kinds\nana@example.net,action;party\n").rejected
    assert (bad.line, bad.column) == (2, "kinds")
    assert bad.reason.startswith("“party” is no kind of item; write action, event, news")
    nothing = {"name": None, "language": None, "topics": None, "now": NOW}
    changed = consent.change(sqlite, "ana@example.net", **nothing, kinds=["event"])
    assert (changed.kinds, changed.interests) == ({Kind.EVENT}, {"housing": 4, "water": 1})
