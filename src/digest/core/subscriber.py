"""Subscribers: where somebody stands, which decides whether they get mail."""

from enum import StrEnum


class SubscriberState(StrEnum):
    """Where a subscriber stands: only who is active gets editions."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


GONE = (SubscriberState.UNSUBSCRIBED, SubscriberState.SUPPRESSED)
"""Who stands so is brought back by no list and no staff's form, but by their own fresh sign-up alone."""
