"""Deliveries: one a subscriber and edition, and the states that keep the balance.

pending → claimed → transmitting → accepted; back to pending on a passing failure, failed on a lasting one, skipped when the
mail is no longer wanted, uncertain when the server's word was lost after the final dot.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    TRANSMITTING = "transmitting"
    ACCEPTED = "accepted"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


OPEN = (State.PENDING, State.CLAIMED, State.TRANSMITTING)
"""Still under way: a balance counts them as pending."""

ALLOWED: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CLAIMED, State.SKIPPED}),
    State.CLAIMED: frozenset({State.TRANSMITTING, State.PENDING, State.FAILED, State.SKIPPED}),
    State.TRANSMITTING: frozenset({State.ACCEPTED, State.PENDING, State.FAILED, State.UNCERTAIN}),
    State.UNCERTAIN: frozenset({State.PENDING, State.FAILED, State.ACCEPTED}),
    State.ACCEPTED: frozenset(),
    State.FAILED: frozenset(),
    State.SKIPPED: frozenset(),
}
"""The transitions there are; accepted, failed and skipped are final. Tests hold every statement of the store to it."""

GIVE_UP_AFTER = timedelta(days=3)
"""How long an edition is tried: RFC 5321 §4.5.4.1 asks for four to five days, and a weekly digest is old by then."""
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=5), timedelta(hours=4)
"""Between two tries: RFC 5321 §4.5.4.1 asks for half an hour, and who greylists is content with less."""


@dataclass(frozen=True, slots=True)
class Balance:
    """`eligible` is everyone active at the fan-out, and always the sum of the rest."""

    eligible: int
    accepted: int
    failed: int
    skipped: int
    uncertain: int
    pending: int

    @property
    def settled(self) -> bool:
        """Nothing is left to send and nothing is in doubt."""
        return not self.pending and not self.uncertain


def retry_at(delivery_id: int, attempts: int, now: datetime) -> datetime:
    """When to try again after the `attempts`-th passing failure: doubling from 5 minutes to 4 hours, with a jitter of a quarter.

    The jitter comes from the delivery's number, so that the same history gives the same times.
    """
    delay = min(FIRST_DELAY * (1 << min(attempts - 1, 20)), LONGEST_DELAY)
    spread = hashlib.sha256(f"{delivery_id}/{attempts}".encode()).digest()[0] / 255 - 0.5
    return now + delay * (1 + spread / 2)
