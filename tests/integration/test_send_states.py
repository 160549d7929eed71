"""No order of claims, marks, answers, crashes, orphanings and resends delivers twice or leaves the transitions there are.

Senders here are as careless as they can be: they mark, answer and record in any order, also after they are long dead to the
others. Whatever keeps the promise is in the statements of store/deliveries.py.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import insert, text, update
from sqlmodel import Session

from digest.core.delivery import ALLOWED, State
from digest.store import deliveries, events, pacing
from digest.store.database import Database
from digest.store.deliveries import Acceptance
from digest.store.tables import DeliveryRow, EditionRow, SubscriberRow

START = datetime(2026, 3, 15, 9, tzinfo=UTC)
READERS = (1, 2)
which = st.sampled_from(READERS)
slots = st.sampled_from((0, 1))
seldom = st.sampled_from((False,) * 7 + (True,))  # ends and obstacles, or every story would be a short one


class Sending(RuleBasedStateMachine):
    """`taken` is the mail server's log; `dots` are the marks that a sender believes in and has not recorded the end of.

    `resent` is how often staff had something sent again that the server had taken: nothing else may make it twice. `decided` is
    what the server had taken and staff let be or resent: of nothing else the ledger may say that it was not taken.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.connection = database.engine.connect()
        self.transaction = self.connection.begin()
        self.session = Session(bind=self.connection)
        self.now, self.expires = START, START + timedelta(days=3)
        self.names = [
            ["a0"],
            ["b0"],
        ]  # of two processes: the last of each lives, the others are dead and may not know it
        self.dots: dict[tuple[str, int], bool] = {}
        self.taken: Counter[int] = Counter()
        self.resent: Counter[int] = Counter()
        self.decided: set[int] = set()
        self.accepted: Counter[int] = Counter()

    def teardown(self) -> None:
        self.session.close()
        self.transaction.rollback()
        self.connection.close()

    @initialize()
    def fan_out(self) -> None:
        edition = {
            "period": "2026-W11", "number": 1, "slot": START, "timezone": "UTC", "state": "sending", "left_out": [],
            "expires_at": self.expires,
        }  # fmt: skip
        self.edition = self.connection.scalar(insert(EditionRow).values(edition).returning(EditionRow.id))
        self.ids = {}
        for number in READERS:
            email = f"reader{number}@example.net"
            person = {"email": email, "email_key": email, "name": "", "language": "en", "state": "active"}
            times = {"created_at": START, "updated_at": START}
            reader = self.connection.scalar(insert(SubscriberRow).values(person | times).returning(SubscriberRow.id))
            delivery = {
                "edition_id": self.edition, "subscriber_id": reader, "address": email, "domain": "example.net",
                "language": "en", "selection": "{}", "message_id": f"<{number}@x>", "state": "pending", "attempts": 0,
            }  # fmt: skip
            self.ids[number] = self.connection.scalar(insert(DeliveryRow).values(delivery).returning(DeliveryRow.id))
        self.states = self.read()

    def read(self) -> dict[int, State]:
        found = self.connection.execute(text("SELECT id, state FROM delivery"))
        return {delivery: State(state) for delivery, state in found}

    # Senders.

    @rule(slot=slots, limit=st.integers(1, 2))
    def claim(self, slot: int, limit: int) -> None:
        before = self.read()
        for claimed in pacing.claim(self.connection, self.edition, self.names[slot][-1], self.now, limit).rows:
            assert before[claimed.id] is State.PENDING

    @rule(slot=slots, takes=st.booleans(), data=st.data())
    def mark_and_dot(self, slot: int, takes: bool, data: st.DataObject) -> None:
        held = text("SELECT owner, address FROM delivery WHERE state = 'claimed' ORDER BY id")
        if not (claimed := self.connection.execute(held).all()):
            self.claim(slot, 2)
            self.only_the_transitions_there_are()
            if not (claimed := self.connection.execute(held).all()):
                return
        sender, address = data.draw(st.sampled_from([tuple(row) for row in claimed]))
        self.dot(sender, next(number for number in READERS if f"reader{number}@" in address), takes)

    @rule(slot=slots, number=which, takes=st.booleans(), data=st.data())
    def the_dead_tries_too(self, slot: int, number: int, takes: bool, data: st.DataObject) -> None:
        """Nobody but the mark keeps them from it."""
        self.dot(data.draw(st.sampled_from(self.names[slot])), number, takes)

    def dot(self, sender: str, number: int, takes: bool) -> None:
        delivery = self.ids[number]
        if deliveries.mark(self.connection, [delivery], sender, self.now):
            assert self.wanted(number)
            self.dots[sender, delivery] = takes
            self.taken[delivery] += takes

    def wanted(self, number: int) -> bool:
        found = self.connection.execute(
            text("SELECT s.state, e.state FROM subscriber s, edition e WHERE s.email = :email"),
            {"email": f"reader{number}@example.net"},
        )
        return found.one() == ("active", "sending") and self.now < self.expires

    @precondition(lambda self: self.dots)
    @rule(data=st.data(), heard=st.booleans(), lasting=seldom, again=st.booleans())
    def answer(self, data: st.DataObject, heard: bool, lasting: bool, again: bool) -> None:
        """The answer to a dot is recorded, early or late, once or twice."""
        sender, delivery = data.draw(st.sampled_from(sorted(self.dots)))
        takes = self.dots.pop((sender, delivery))
        if not heard:
            to = State.UNCERTAIN
        elif takes:
            to = State.ACCEPTED
        else:
            to = State.FAILED if lasting else State.PENDING
        not_before = self.now + timedelta(minutes=5) if again else None
        for _ in range(1 + again):
            if to is not State.ACCEPTED:
                deliveries.finish(self.connection, delivery, sender, State.TRANSMITTING, to, not_before=not_before)
                continue
            before = self.read()[delivery]
            deliveries.accept(self.connection, [Acceptance(delivery, "250 ok", "", self.now)], sender)
            self.accepted[delivery] += before is not self.read()[delivery]

    @rule(slot=slots, number=which, to=st.sampled_from((State.PENDING, State.PENDING, State.FAILED, State.SKIPPED)))
    def refused_before_the_dot(self, slot: int, number: int, to: State) -> None:
        deliveries.finish(self.connection, self.ids[number], self.names[slot][-1], State.CLAIMED, to)

    @rule(slot=slots, quietly=st.booleans())
    def leave_off(self, slot: int, quietly: bool) -> None:
        """Give back what was not begun; or die, and be settled by the others."""
        names = self.names[slot]
        if quietly:
            deliveries.release(self.connection, names[-1])
            return
        claimed, doubtful = deliveries.orphan(self.session, names[-1])
        assert claimed + doubtful <= len(READERS)
        names.append(f"{names[0][0]}{len(names)}")

    @rule(slot=slots)
    def dies_and_what_it_held_is_resent(self, slot: int) -> None:
        """Its answers are still to come."""
        self.leave_off(slot, quietly=False)
        self.only_the_transitions_there_are()
        self.decide_about_what_is_in_doubt(lets_be=False)

    @precondition(lambda self: +self.taken)
    @rule(data=st.data())
    def comes_back(self, data: st.DataObject) -> None:
        """A bounce: so the server had it, whatever became of its answer."""
        delivery = data.draw(st.sampled_from(sorted(+self.taken)))
        doubtful = self.read()[delivery] is State.UNCERTAIN
        events.came_back(self.session, self.session.get_one(DeliveryRow, delivery), self.now)
        self.accepted[delivery] += doubtful

    # People and time.

    @rule(what=st.sampled_from(("leave", "pause", "cancel", "expire", "wait")), number=which, undone=st.booleans())
    def meanwhile(self, what: str, number: int, undone: bool) -> None:
        """Something comes in the way, for good or until the next rule."""
        execute = self.connection.execute
        if what == "leave":
            state = text("UPDATE subscriber SET state = :state WHERE email = :email")
            execute(state, {"state": "active" if undone else "unsubscribed", "email": f"reader{number}@example.net"})
        elif what in ("pause", "cancel"):
            state = "sending" if undone else {"pause": "paused", "cancel": "cancelled"}[what]
            execute(text("UPDATE edition SET state = :state"), {"state": state})
            if state == "cancelled":
                deliveries.skip_open(self.session, self.edition, "the edition was cancelled")
        else:
            self.now += timedelta(minutes=10)
            self.expires = self.now + timedelta(minutes=0 if what == "expire" and not undone else 60)
            execute(update(EditionRow).where(EditionRow.id == self.edition).values(expires_at=self.expires))

    @rule(lets_be=seldom)
    def decide_about_what_is_in_doubt(self, lets_be: bool) -> None:
        doubtful = [each for each, state in self.read().items() if state is State.UNCERTAIN]
        self.decided.update(each for each in doubtful if self.taken[each])
        to = State.FAILED if lets_be else State.PENDING
        assert deliveries.settle_uncertain(self.session, self.edition, to, None) == len(doubtful)
        if not lets_be:
            self.resent.update(each for each in doubtful if self.taken[each])

    # The promise.

    @invariant()
    def only_the_transitions_there_are(self) -> None:
        if not hasattr(self, "states"):
            return
        before, self.states = self.states, self.read()
        for delivery, state in self.states.items():
            assert state is before[delivery] or state in ALLOWED[before[delivery]], (before[delivery], state)

    @invariant()
    def nobody_twice(self) -> None:
        for delivery, count in self.taken.items():
            assert count <= 1 + self.resent[delivery]
        for delivery, count in self.accepted.items():
            assert count <= 1
            assert not count or self.taken[delivery]

    @invariant()
    def what_was_taken_is_never_denied(self) -> None:
        for delivery, state in self.read().items():
            known = state in (State.TRANSMITTING, State.ACCEPTED, State.UNCERTAIN)
            assert known or not self.taken[delivery] or delivery in self.decided, state

    @invariant()
    def the_balance_closes(self) -> None:
        if not hasattr(self, "states"):
            return
        balance = deliveries.balance(self.session, self.edition)
        parts = (balance.accepted, balance.failed, balance.skipped, balance.uncertain, balance.pending)
        assert balance.eligible == len(READERS) == sum(parts)
        assert balance.accepted == sum(self.accepted.values())


def test_no_order_of_events_delivers_twice(database: Database) -> None:
    examples = 80 if database.is_sqlite else 20  # a server takes longer for each, and the orders are the same
    run_state_machine_as_test(
        lambda: Sending(database),
        settings=settings(
            max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
