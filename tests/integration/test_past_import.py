"""Past mail comes in once, all or nothing, and what was taken back stays so; who is erased is erased from it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest.core.address import parse
from digest.core.errors import Refused
from digest.core.past import PastMail
from digest.pipeline import erasure, past, put_back
from digest.pipeline.past import PastImport, import_past
from digest.store import past as kept
from digest.store import subscribers
from digest.store.database import Database
from digest.store.tables import PastMailRow

NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
PAST = Path(__file__).parents[1] / "data" / "past"
ALL = ("ghost.json", "listmonk.json", "mailchimp", "buttondown", "substack", "mail")


def bring(database: Database, *paths: Path, **options: bool) -> PastImport:
    return import_past(database, paths, now=NOW, **options)


def counts(result: PastImport) -> tuple[int, int, int, int]:
    return len(result.added), len(result.updated), len(result.unchanged), len(result.rejected)


def message(number: int, body: str = "Words.", sent: str = "Sun, 02 Feb 2025 09:00:00 +0000") -> str:
    head = f"Message-ID: <{number}@quay.example>\nSubject: No. {number}\nDate: {sent}\n"
    return f"{head}Content-Type: text/html; charset=utf-8\n\n<p>{body}</p>\n"


def test_everything_comes_in_once_on_either_database(database: Database) -> None:
    paths = [PAST / name for name in ALL]
    first = bring(database, *paths)
    assert counts(first) == (11, 0, 0, 0)
    assert counts(bring(database, *paths)) == (0, 0, 11, 0)
    listed = past.listing(database)
    assert [each.sent_at for each in listed] == sorted((each.sent_at for each in listed), reverse=True)
    assert {each.source for each in listed} == {"ghost", "listmonk", "mailchimp", "buttondown", "substack", "mail"}
    with database.read() as session:
        rows = list(session.scalars(select(PastMailRow)))
    assert all(row.html and row.text and row.subject for row in rows)


def test_a_zip_gives_what_its_folder_gives(sqlite: Database, tmp_path: Path) -> None:
    bring(sqlite, PAST / "mailchimp")
    path = shutil.make_archive(str(tmp_path / "export"), "zip", PAST / "mailchimp")
    assert counts(bring(sqlite, Path(path))) == (0, 0, 3, 0)


def test_what_was_mended_there_is_mended_here(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text(message(1))
    bring(sqlite, path)
    path.write_text(message(1, "Other words."))
    assert counts(bring(sqlite, path)) == (0, 1, 0, 0)
    assert past.show(sqlite, 1)[1].strip() == "Other words."


def test_one_that_cannot_be_read_keeps_all_out(sqlite: Database, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(message(1))
    (tmp_path / "b.eml").write_text(message(2, sent="soon"))
    result = bring(sqlite, tmp_path)
    assert not result.applied
    assert [str(each) for each in result.rejected] == [
        f"{tmp_path}/b.eml: it is no message, or does not say when it was sent (“Date:”)"
    ]
    assert past.listing(sqlite) == []
    assert counts(bring(sqlite, tmp_path, keep_going=True)) == (1, 0, 0, 1)


def test_a_row_whose_text_is_missing_or_doubtful_is_named(sqlite: Database, tmp_path: Path) -> None:
    shutil.copytree(PAST / "mailchimp", tmp_path / "export")
    content = tmp_path / "export" / "campaigns_content"
    (content / "1203_monthly.html").write_text((content / "1202_monthly.html").read_text())
    (content / "1201_march-news.html").unlink()
    (content / "1201_march-news.txt").unlink()
    result = bring(sqlite, tmp_path / "export")
    assert [(each.entry, each.reason.partition(" are")[0]) for each in result.rejected] == [
        ("The quay in March, and a clean-up", "no files"),
        ("April on the quay", "2 files"),
        ("May on the quay", "2 files"),
    ]
    assert past.listing(sqlite) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b'{"db": [', "damaged, or no JSON"),
        ("a.json", b"[" * 100_000, "damaged, or no JSON"),
        ("a.json", "{}".encode("utf-16"), "damaged, or no JSON"),
        ("2024-01-01.html", "<p>ñ</p>".encode("latin-1"), "not UTF-8"),
        ("news.html", b"<p>x</p>", "begin its name with the day"),
        ("2024-01-01.html", b"<div>" * 2_000 + b"x", "nested more than 1000 deep"),
    ],
)
def test_what_is_no_past_mail_is_rejected_with_a_reason(
    sqlite: Database, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    [rejected] = bring(sqlite, tmp_path / name).rejected
    assert said in rejected.reason
    assert rejected.path == str(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", "{}"), ("list.csv", "email\na@a.example\n"), ("b.csv", 'a,"\0b\r"c')]
)
def test_where_there_is_none_it_is_said(sqlite: Database, tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(Refused, match="There is no past mail in"):
        bring(sqlite, path)


def test_an_empty_folder_has_none(sqlite: Database, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="There is no past mail in"):
        bring(sqlite, tmp_path / "empty")


def test_a_damaged_list_of_an_export_is_named(sqlite: Database, tmp_path: Path) -> None:
    header = (PAST / "buttondown" / "emails.csv").read_text().split("\n")[0]
    (tmp_path / "emails.csv").write_text(f'{header}\n1,"2,x\n')
    [rejected] = bring(sqlite, tmp_path).rejected
    assert rejected.reason.startswith("it cannot be read as a list")


def test_what_goes_out_tomorrow_is_no_past_mail(sqlite: Database, tmp_path: Path) -> None:
    post = json.loads((PAST / "ghost.json").read_text())["db"][0]["data"]["posts"][0]
    post["published_at"] = (NOW + timedelta(days=2)).isoformat()
    (tmp_path / "g.json").write_text(json.dumps({"data": {"posts": [post]}}))
    [left] = bring(sqlite, tmp_path / "g.json").left_out
    assert left.reason == "it has not gone out"


def test_a_trial_stores_nothing(sqlite: Database) -> None:
    assert counts(bring(sqlite, PAST / "mail", dry_run=True)) == (3, 0, 0, 0)
    assert past.listing(sqlite) == []


def test_what_was_taken_back_has_no_words_left_and_no_import_brings_it_back(sqlite: Database) -> None:
    bring(sqlite, PAST / "mailchimp")
    [gone], everywhere = past.remove(sqlite, [1], NOW)
    assert (gone.subject, everywhere) == ("The quay in March, and a clean-up", True)
    assert sqlite.file
    assert b"slipway" not in sqlite.file.read_bytes()
    again = bring(sqlite, PAST / "mailchimp")
    assert [each.reason for each in again.left_out] == ["it has not gone out", "it was removed here before"]
    assert [each.id for each in past.listing(sqlite)] == [3, 2]
    for number in (1, 99):
        with pytest.raises(Refused, match=f"no past mail {number}"):
            past.show(sqlite, number)
    with pytest.raises(Refused, match="no past mail 99"):
        past.remove(sqlite, [2, 99], NOW)
    assert [each.id for each in past.listing(sqlite)] == [3, 2]


def test_who_is_erased_is_named_in_none(database: Database) -> None:
    with database.write() as session:
        subscribers.add_many(session, [subscribers.New(parse("Ana_@example.org"), "", "en", {})], NOW)
        mail = PastMail("mail", "1", "x", NOW, "")
        kept.put(
            session, mail, "To ana_@example.org", "<p>ANA_@example.org and anab@example.org</p>", "ana_@example.org"
        )
    erasure.erase(database, "ana_@example.org", pepper="pepper", clear=lambda _: None, now=NOW)
    with database.read() as session:
        row = session.get_one(PastMailRow, 1)
    assert (row.subject, row.html, row.text) == ("To …", "<p>… and anab@example.org</p>", "…")


def test_a_backup_that_is_put_back_brings_back_nothing_that_was_taken_back(sqlite: Database, tmp_path: Path) -> None:
    bring(sqlite, PAST / "mail")
    assert sqlite.file
    sqlite.empty_journal()
    later = Database(f"sqlite:///{shutil.copy(sqlite.file, tmp_path / 'later.db')}")
    past.remove(later, [2], NOW)
    put_back.take_off(sqlite, later, "pepper", NOW)
    later.dispose()
    assert sorted(each.id for each in past.listing(sqlite)) == [1, 3]
