"""Ways for mail to leave this machine: SMTP to a smarthost, or files in a folder."""

from typing import Protocol

from digest.core.envelope import Parcel
from digest.core.reply import Accepted, Lost, Rejected, Unknown


class Connection(Protocol):
    """What a sender holds while it sends: one message at a time, in two steps with the ledger's mark between them.

    Whatever `offer` did, nothing is delivered before `dot` (docs/adr/0003-the-mark.md).
    """

    async def offer(self, parcel: Parcel) -> Rejected | Lost | None:
        """Hand over all but the final dot; None when only that is missing."""

    async def dot(self, following: Parcel | None = None) -> Accepted | Rejected | Lost | Unknown:
        """Write the final dot and say what came of it: a Lost delivered nothing, an Unknown perhaps.

        `following` is offered next on this connection, which may announce it already.
        """

    @property
    def alive(self) -> bool:
        """Whether it takes another message."""

    def abort(self) -> None:
        """Drop it at once: an unfinished message is then no message."""

    async def close(self) -> None:
        """Be done with it; a message that lacks its dot is none."""
