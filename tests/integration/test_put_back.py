"""After a database was put back: no number that a token of before may carry, no letter that may have gone out."""

from datetime import UTC, datetime

import pytest

from digest.pipeline import consent
from digest.store import deliveries, letters, put_back
from digest.store.letters import Kind

NOW = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize("had", [True, False])
def test_numbers_are_left_out(database, had):
    told = {"name": "", "language": "en", "topics": [], "pepper": "p", "now": NOW, "source": "a test"}
    if had:
        consent.add(database, "a@example.net", **told)
        with database.write() as session:
            deliveries.numbers(session, 3)
    with database.write() as session:
        put_back.leap(session)
        assert min(deliveries.numbers(session, 2)) > put_back.LEAP
    assert consent.add(database, "b@example.net", **told).id > put_back.LEAP


def test_what_tokens_carry_is_numbered_once():
    assert set(put_back.NUMBERED) == {"subscriber", "delivery", "confirmation", "letter"}


def test_letters_that_waited_are_not_sent(sqlite):
    with sqlite.write() as session:
        letters.queue(session, Kind.WELCOME, "a@example.net", "a@example.net", NOW)
        assert len(letters.due(session, NOW, 10)) == 1
        put_back.give_up_letters(session, NOW)
        assert letters.due(session, NOW, 10) == []
