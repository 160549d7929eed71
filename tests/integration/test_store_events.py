"""Events in the store, on every server that digest runs on."""

from datetime import timedelta

from records import NOW, D
from sqlalchemy import update
from sqlmodel import col

from digest.core.delivery import State
from digest.store import deliveries, events


def test_an_event_is_recorded_once(ledger):
    database, edition_id, ids = ledger
    with database.write() as session:
        fields = {"source": "inbound", "now": NOW, "delivery_id": ids[0], "payload": {"verdict": "hard"}}
        assert events.record(session, "bounce", source_event_id="x", **fields)
        assert events.record(session, "bounce", source_event_id="x", **fields) is None
        assert events.record(session, "bounce", source_event_id="y", **fields)
        assert events.counts(session, edition_id) == {"bounce": 2}


def test_what_comes_back_for_a_delivery_in_doubt_shows_that_it_arrived(ledger):
    database, _, ids = ledger
    with database.write() as session:
        session.execute(update(D).where(col(D.id) == ids[0]).values(state=State.UNCERTAIN))
        for later in (0, 5):
            events.came_back(session, deliveries.get(session, ids[0]), NOW + timedelta(days=later))
        session.expire_all()
        row = deliveries.get(session, ids[0])
        assert (row.state, row.accepted_at, row.bounced_at, row.complained_at) == ("accepted", NOW, NOW, None)


def test_a_history_has_every_message_and_its_answers_since_staff_decided(ledger):
    database, _, ids = ledger

    def happens(type_, at, **values):
        values = {"delivery_id": ids[0], "payload": {"verdict": "soft"}} | values
        events.record(
            session, type_, source="s", source_event_id=f"{type_}{at}", now=at, subscriber_id=person, **values
        )

    with database.write() as session:
        person = deliveries.get(session, ids[0]).subscriber_id
        session.execute(update(D).where(col(D.id) == ids[0]).values(state=State.ACCEPTED, accepted_at=NOW))
        for day, type_ in enumerate(("bounce", "complaint", "delay", "unsubscribe")):
            happens(type_, NOW + timedelta(days=day))
        happens("bounce", NOW + timedelta(days=5), payload={"verdict": "hard", "held": {"state": "suppressed"}})
        [mailing] = events.history(session, person)
        assert (mailing.at, mailing.accepted, mailing.probe) == (NOW, True, False)
        assert [each.verdict for each in mailing.answers] == ["soft", "soft", "none"]
        happens("resumed", NOW, payload={"changed": "active"})
        assert events.history(session, person) == []
