"""Events: what happened to somebody, to a delivery, or to the whole, each once."""

from enum import StrEnum


class EventType(StrEnum):
    """What an event tells. What comes back by mail or by a post is of the type of its report (`dsn.Kind`)."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    AUTOREPLY = "autoreply"
    DELAY = "delay"
    NONE = "none"

    ATTEMPT = "attempt"
    """Of what nothing came yet: the server's reply to a message that waits or is in doubt."""

    RESUBSCRIBE = "resubscribe"
    """They came back by their own word."""
    RESUMED = "resumed"
    """Staff brought them back."""
    RETURNED = "returned"
    """Mail reached them again, who were paused since it did not."""
    MOVED = "moved"
    """They get it at another address."""
    REVIEWED = "reviewed"
    """Staff decided on a bounce that was held."""

    ALARM = "alarm"
    """Something that staff are to be told."""
    TOLD = "told"
    """They were."""
