"""What was measured, as a page: the table, what it means, and where the aims are not met."""

import platform
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import network
from growth import Size
from install import versions
from measure import Sample
from plot import bars
from rows import CONNECTIONS, LIMIT, ROWS, Row
from tables import spread, table

RSA, ED25519, UNSIGNED = "digest, RSA-2048", "digest, Ed25519", "digest, unsigned"
TWICE = f"{RSA}, 2 processes"


@dataclass(slots=True)
class Results:
    """One run. `samples`: row → a Sample a round, the rounds of all rows in step."""

    size: int
    load: float
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    crossings: list[network.Crossing] = field(default_factory=list)
    growth: list[Size] = field(default_factory=list)
    stages: Mapping[str, Sequence[float]] = field(default_factory=dict)
    compiling: Mapping[str, Any] | None = None
    classifying: Mapping[str, Any] | None = None
    one_click: Mapping[str, Any] | None = None

    def of(self, name: str, value: Callable[[Sample], float]) -> list[float]:
        return [value(each) for each in self.samples[name]]

    def ratios(self, name: str, other: str = LIMIT) -> list[float]:
        """Rate of a row by that of another, round by round: what slowed one slowed both."""
        return [a.rate / b.rate for a, b in zip(self.samples[name], self.samples[other], strict=True)]

    @property
    def rows(self) -> list[Row]:
        return [row for row in ROWS if row.name in self.samples]


def speed(results: Results) -> list[str]:
    head = ("sender", "messages/s", "CPU-ms a message", f"of {LIMIT}", "peak RSS, MB")
    lines = []
    for row in results.rows:
        of = spread(results.ratios(row.name), 2) if LIMIT in results.samples else "–"
        rate, cpu = (
            spread(results.of(row.name, value), digits)
            for value, digits in ((lambda s: s.rate, 0), (lambda s: s.cpu_ms, 2))
        )
        lines.append((row.name, rate, cpu, of, spread([max(results.of(row.name, lambda s: s.rss))], 0)))
    return table(head, lines)


def does(results: Results) -> list[str]:
    head = ("sender", "personal", "recorded", "DKIM", "retries")
    return table(
        head, [(row.name, row.personal, row.recorded, row.dkim, row.retries) for row in results.rows], numbers=False
    )


def growth(results: Results) -> list[str]:
    head = (
        "subscribers",
        "fan-out, s",
        "µs a person",
        "its RSS, MB",
        "sent",
        "messages/s",
        "sender's RSS, MB",
        "database, MB",
    )
    return table(
        head,
        [
            (
                f"{each.people:,}", f"{each.fan_out:,.1f}", f"{1e6 * each.fan_out / each.people:.0f}", f"{each.fan_out_rss:.0f}",
                f"{each.sent:,}", f"{each.sent / each.sending:,.0f}", f"{each.sending_rss:.0f}", f"{each.database:,.1f}",
            )
            for each in results.growth
        ],
    )  # fmt: skip


def aims(results: Results) -> list[str]:
    """Every aim whose rows were measured, and whether it was met."""
    found = []
    for name, wanted, measured, unit, at_most in (*_sending(results), *_growing(results), *_one_by_one(results)):
        met = measured <= wanted if at_most else measured >= wanted
        sign, digits = ("≤" if at_most else "≥"), 0 if wanted >= 50 else 2
        said = f"{name} {sign} {wanted:g}{unit}: {measured:,.{digits}f}"
        found.append(f"- met: {said}" if met else f"- **not met**: {said}")
    return found


Aim = tuple[str, float, float, str, bool]
"""Its name, what was wanted, what was measured, the unit, and whether it is an upper limit."""


def _sending(results: Results) -> Iterator[Aim]:
    have = results.samples
    for row, ratio, cpu in ((UNSIGNED, 0.70, None), (ED25519, 0.55, 0.50), (RSA, 0.40, 0.75), (TWICE, 0.80, None)):
        if row in have and LIMIT in have:
            yield f"{row}, of {LIMIT}", ratio, median(results.ratios(row)), "", False
        if row in have and cpu:
            yield f"{row}, CPU a message", cpu, median(results.of(row, lambda s: s.cpu_ms)), " ms", True
    for peer, times in (
        ("nodemailer, Handlebars", 3),
        ("Jinja and premailer", 15),
        ("aiosmtplib sendmail, ready-made", 1.3),
    ):
        if RSA in have and peer in have:
            yield f"{RSA}, times “{peer}”", times, median(results.ratios(RSA, peer)), "", False


def _growing(results: Results) -> Iterator[Aim]:
    large = [each for each in results.growth if each.people >= 10_000]
    for each in large:
        yield f"peak RSS of the sender at {each.people:,}", 80, each.sending_rss, " MB", True
    if len(large) > 1:
        more = 100 * (large[-1].sending_rss / large[0].sending_rss - 1)
        yield f"more RSS at {large[-1].people:,} than at {large[0].people:,}", 10, more, " %", True
    if results.growth:
        last = results.growth[-1]
        how = "" if last.people >= 1_000_000 else f", extrapolated from {last.people:,}"
        yield f"fan-out of 1,000,000{how}", 120, last.fan_out * 1_000_000 / last.people, " s", True


def _one_by_one(results: Results) -> Iterator[Aim]:
    if composing := results.stages.get("composing for its reader"):
        yield "composing, CPU a message", 0.15, 1000 * median(composing), " ms", True
    if it := results.compiling:
        name = f"compiling {it['items']} items in {it['languages']} languages"
        yield name, 200, 1000 * median(it["seconds"]), " ms", True
    if it := results.one_click:
        yield "one-click posts answered a second", 0.99 * it["asked"], it["rate"], "", False
        yield (
            "one-click posts not answered with 200, or not counted",
            0,
            2 * it["posted"] - it["answered"] - it["left"],
            "",
            True,
        )
    if it := results.classifying:
        yield "classifying, messages a second", 200, it["messages"] / median(it["seconds"]), "", False


def small(results: Results) -> list[str]:
    """The figures that are one line each."""
    out = [
        f"- {name[0].upper()}{name[1:]}: {spread([1000 * each for each in seconds], 3)} CPU-ms."
        for name, seconds in results.stages.items()
    ]
    if it := results.compiling:
        each = spread([1000 * seconds for seconds in it["seconds"]], 0)
        out.append(f"- Compiling an edition of {it['items']} items in {it['languages']} languages: {each} ms.")
    if it := results.one_click:
        waits = sorted(it["latencies"])
        half, most = (1000 * waits[int(len(waits) * part)] for part in (0.5, 0.99))
        out.append(
            f"- One-click unsubscribes posted to `digest run` at {it['asked']} a second, {it['posted']:,} in all: "
            f"{it['answered']:,} answered 200, {it['left']:,} people left; {it['rate']:,.0f} answers a second, half of them "
            f"within {half:,.0f} ms of when they were due, 99 % within {most:,.0f} ms; {it['cpu_ms']:.2f} CPU-ms each."
        )
    if it := results.classifying:
        each = spread([1000 * seconds / it["messages"] for seconds in it["seconds"]], 2)
        kinds = ", ".join(f"{count} × {kind}" for kind, count in it["kinds"].items())
        mean = it["bytes"] / it["messages"] / 1000
        out.append(f"- Classifying mail that comes back ({mean:.0f} KB each; {kinds}): {each} CPU-ms a message.")
    return out


def machine(results: Results) -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores ({model}), {platform.system()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, load {results.load:.1f} before it began"
    )


def page(results: Results) -> str:
    rounds = len(next(iter(results.samples.values())))
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`; nothing here is by hand, and no test asserts a figure. One interleaved run on one machine:",
            f"{machine(results)}.",
            f"Beside it: {', '.join(versions())}.",
            "The sink shares the machine with the sender, so compare within a run, and trust CPU-ms a message more than rates.",
            "",
            "![Messages a second](benchmarks/rate.svg)",
            "",
            "![CPU-ms a message](benchmarks/cpu.svg)",
            "",
            f"Medians of {rounds} rounds, in brackets the ranges. RSS is that of the largest process that "
            "sends, at its highest.",
            "",
            *speed(results),
            "",
            "What each of them does:",
            "",
            *does(results),
            "",
            *FAIRNESS.format(size=results.size / 1000, connections=CONNECTIONS).strip().splitlines(),
            "",
            *network.section(results.crossings, results.size),
            "",
            "## As the list grows",
            "",
            "Each step is a process of its own; sending is unsigned, and stops after 100,000 messages.",
            "",
            *growth(results),
            "",
            "## One thing at a time",
            "",
            *small(results),
            "",
            "## Aims",
            "",
            "Set on another machine, where composing took 0.08 CPU-ms, hashing 0.035 and an RSA-2048 signature 0.25;",
            "what they take here is above.",
            "",
            *aims(results),
            "",
        ]
    )


FAIRNESS = """
## What is compared, and what is not

- Everyone sends over {connections} connections that stay open to Postfix's `smtp-sink` on loopback, which takes everything and
  keeps nothing. A fresh sink counts the messages of each row; one that did not arrive ends the run. Nobody uses TLS.
- The messages are the sample week as multipart/alternative, {size:.0f} KB in the mean, for invented subscribers who follow
  topics of their own. `smtp-source` sends as many bytes of one character: nothing is rendered and nothing recorded, which makes
  it the limit here.
- The clock of a row runs in the sender's own process, from the first connection to the last answer. Starting up, reading the
  input and, for digest and django-post_office, filling the queue are not in it; digest's fan-out is measured below. Where digest
  starts processes of its own, their start is in the clock; these rows send three times as many messages.
- digest is the real thing: `edition send` on SQLite with `synchronous=FULL`. Every message is claimed, put together for its
  reader, marked in a durable row before its final dot, and its answer is recorded in one. All headers of bulk mail are there.
- “Ready-made” senders get a hundred of digest's own messages as bytes and send them in turn: they only carry.
- Template peers are helped: their template is digest's compiled edition, so that a message costs them conditions and a few
  slots, and no Markdown, MJML or dates; they write the same text, word for word, to readers of English. With premailer, the
  styles of the page and a short house stylesheet are inlined in each message, which makes it longer.
- django-post_office is used as its manual says, with templates rendered at delivery and ten threads; it logs each message, and
  marks a batch as sent at its end, so a kill in between sends that batch again.
- Not compared: what TLS or a provider's pace costs, which in production decides; services with an API; SMTP servers.
"""


def write(results: Results, folder: Path) -> None:
    """`benchmarks.md` and its plots."""
    plots = folder / "benchmarks"
    plots.mkdir(parents=True, exist_ok=True)
    note = f"{results.size / 1000:.0f} KB each, {CONNECTIONS} connections; bars are medians, lines ranges"
    for name, title, value, digits in (
        ("rate", "Messages a second (more is better)", lambda s: s.rate, 0),
        ("cpu", "CPU-ms a message (less is better)", lambda s: s.cpu_ms, 2),
    ):
        drawn = [row.bar(results.of(row.name, value), digits) for row in results.rows]
        (plots / f"{name}.svg").write_text(bars(title, note, drawn))
    (plots / "network.svg").write_text(network.plot(results.crossings, note))
    (folder / "benchmarks.md").write_text(page(results))
