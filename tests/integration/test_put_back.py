"""Numbers after a database was put back: none that a token of before may carry."""

from datetime import UTC, datetime

import pytest

from digest.pipeline import consent
from digest.store import deliveries, put_back


@pytest.mark.parametrize("had", [True, False])
def test_numbers_are_left_out(database, had):
    told = {
        "name": "",
        "language": "en",
        "topics": [],
        "pepper": "p",
        "now": datetime(2026, 3, 14, tzinfo=UTC),
        "source": "a test",
    }
    if had:
        consent.add(database, "a@example.net", **told)
        with database.write() as session:
            deliveries.numbers(session, 3)
    with database.write() as session:
        put_back.leap(session)
        assert min(deliveries.numbers(session, 2)) > put_back.LEAP
    assert consent.add(database, "b@example.net", **told).id > put_back.LEAP
