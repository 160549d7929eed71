"""The same senders with a network between them and the sink, and what the page says of it.

How many round trips a message takes is counted in what crosses the relay, and believed of nobody's documentation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from measure import Sample
from plot import Bar, bars
from relay import Seen, relay
from rows import CONNECTIONS, LIMIT, ROWS
from tables import spread, table

ROUND_TRIPS = (0.0, 0.010, 0.040, 0.100)
SENDERS = {
    LIMIT: (4, 800),
    "digest, RSA-2048": (1, 250),
    "aiosmtplib sendmail, ready-made": (4, 300),
    "nodemailer, ready-made": (2, 300),
    "nodemailer, Handlebars and DKIM": (2, 80),
}
"""About how many round trips a message takes, and how many at least go out a second where they cost nothing. That says how many
keep a sender busy for some seconds; no figure comes of it."""

BY_NAME = {row.name: row for row in ROWS}


@dataclass(frozen=True, slots=True)
class Crossing:
    """One sender in one round, the sink `round_trip` seconds away."""

    name: str
    round_trip: float
    sample: Sample
    seen: Seen

    @property
    def trips(self) -> float:
        """Round trips a message."""
        return self.seen.turns / self.sample.messages


def cross(round_trip: float, name: str, folder: Path, size: int, seconds: float) -> Crossing:
    """About so many seconds of it."""
    trips, fastest = SENDERS[name]
    rate = min(fastest, CONNECTIONS / (trips * round_trip) if round_trip else fastest)
    seen: list[Seen] = []
    sample = BY_NAME[name].sample(folder, round(seconds * rate), size, partial(relay, round_trip, seen))
    return Crossing(name, round_trip, sample, seen[0])


def figures(crossings: Sequence[Crossing]) -> list[str]:
    """A table of messages a second and one of round trips, and what the relay had to do with it."""
    cpu, late = (
        fmean(map(value, crossings))
        for value in (lambda each: each.seen.cpu / each.sample.messages, lambda each: each.seen.late)
    )
    return [
        *_table("messages/s", crossings, lambda each: each.sample.rate, 0),
        "",
        *_table("round trips a message", crossings, lambda each: each.trips, 2),
        "",
        f"In the mean the relay took {1000 * cpu:.1f} CPU-ms a message, and handed on what it heard {1000 * late:.1f} ms late.",
    ]


def _table(what: str, crossings: Sequence[Crossing], value: Callable[[Crossing], float], digits: int) -> list[str]:
    away = _grouped(crossings)
    cells = [[spread([*map(value, rows[name])], digits) for rows in away.values()] for name in SENDERS]
    return table((what, *map(_ms, away)), [(name, *line) for name, line in zip(SENDERS, cells, strict=True)])


def plot(crossings: Sequence[Crossing], note: str) -> str:
    """Messages a second, where the sink is away at all."""
    drawn: list[Bar | str] = []
    for round_trip, rows in _grouped([each for each in crossings if each.round_trip]).items():
        drawn.append(_ms(round_trip))
        drawn += (BY_NAME[name].bar([each.sample.rate for each in rows[name]], 0) for name in SENDERS)
    return bars("Messages a second, the server so far away (more is better)", note, drawn)


def _grouped(crossings: Sequence[Crossing]) -> dict[float, dict[str, list[Crossing]]]:
    """By round trip, then by sender."""
    found: dict[float, dict[str, list[Crossing]]] = {}
    for each in crossings:
        found.setdefault(each.round_trip, {}).setdefault(each.name, []).append(each)
    return found


def _ms(round_trip: float) -> str:
    return f"{1000 * round_trip:g} ms"


TEXT = """
## Over a network

Above, a round trip costs nothing. The server that takes your mail is 10 to 50 ms away, and there the round trips that a message
takes decide: {connections} connections carry at most {connections} messages in each.

![Messages a second over a network](benchmarks/network.svg)

{figures}

- Medians and ranges of {rounds} rounds of one interleaved run, some seconds for each figure. The senders, messages and sink are
  those of above. Opening the connections is in the clock; digest tries one before it opens the others.
- Between sender and sink stands a relay that hands on whatever is said half a round trip later, either way; at 0 ms it shows
  what it costs to stand there. It does not limit bandwidth, and a connection opens with three packets, as TCP's do.
- The relay counts round trips: each time that a sender speaks after an answer has come. Greeting and parting are in it, which is
  why the figures are a little above whole ones, the more so the fewer messages a connection carries.
- `smtp-source` and aiosmtplib's `sendmail` wait for each answer: to sender, recipient, DATA and message. nodemailer asks for the
  first three at once (RFC 2920), then sends the message. digest asks for the next message's three with the dot of the one before.
- That message has to be ready by then, or it takes two round trips, since no dot waits for it. A thread makes RSA signatures, and
  where round trips are short it is not always ahead.
- A turn of digest's takes longer than its round trip: between message and dot is the mark, which has to be durable first.
- Not modelled: windows, slow start and loss. The relay's connections are loopback's, where {size:.0f} KB go at once; over a real
  line a connection's first messages take some round trips more, whoever sends them.
"""


def section(crossings: Sequence[Crossing], size: float) -> list[str]:
    """Of the page. `size`: mean bytes of a message."""
    rounds = max(len(each) for rows in _grouped(crossings).values() for each in rows.values())
    told = TEXT.format(connections=CONNECTIONS, figures="\n".join(figures(crossings)), rounds=rounds, size=size / 1000)
    return told.strip().splitlines()
