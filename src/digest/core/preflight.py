"""Preflight: what is looked at before an edition goes out. Each check is a function from the facts to findings.

A finding blocks where mail would go out broken; it warns where somebody may want it so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.core.edition import EditionItem, same_language
from digest.core.finding import Finding, Severity, shortened
from digest.core.item import Item, closes_at, missing
from digest.core.outline import Outline
from digest.core.topic import close

LARGEST_HTML = 100_000
"""Bytes: Gmail clips at about 102 KB, and then the unsubscribe link is gone."""
LARGE_HTML = 90_000
LONG_SUBJECT = 78
"""Characters: what a wide mail list shows, and a line of RFC 5322 §2.1.1; phones show about 40."""
LONG_PREHEADER = 150
SOON = timedelta(hours=12)
"""A deadline this close after the edition is out is one that most people read too late."""
TOKEN = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}|\*\|[^|*\s]+\|\*|%recipient\.\w+%")
"""What a mail merge would have replaced: of Jinja, Handlebars, Mailchimp, Mailgun."""


@dataclass(frozen=True, slots=True)
class Page:
    """The longest digest that some subscriber gets in a language. `unsubscribe`: the address that must be in both parts."""

    language: str
    subject: str
    preheader: str
    html: str
    text: str
    unsubscribe: str


@dataclass(frozen=True, slots=True)
class Volume:
    """How much an edition is: who gets it, of how many items, and bytes of HTML in its first language."""

    subscribers: int
    items: int
    size: int


@dataclass(frozen=True, slots=True)
class Facts:
    """An edition as it would go out at `moment`.

    `readers`: item → how many get it · `followers`: topic → how many follow it, if anybody does · `empty`: subscribers who get
    nothing · `unspoken`: language that no catalogue speaks → its readers · `faint`: (text, ground, contrast) of theme colours
    that are hard to read · `before`: the last one that was sent.
    """

    moment: datetime
    items: Sequence[EditionItem]
    pages: Sequence[Page]
    readers: Mapping[int, int]
    followers: Mapping[str, int]
    empty: int
    unspoken: Mapping[str, int]
    faint: Sequence[tuple[str, str, float]]
    postal_address: str | None
    from_domain: str
    dkim_domains: Sequence[str]
    volume: Volume
    before: Volume | None


def examine(facts: Facts) -> list[Finding]:
    """Everything that was found, what blocks first."""
    found = [finding for check in CHECKS for finding in check(facts)]
    return sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKING)


def _block(what: str, where: str, do: str) -> Finding:
    return Finding(Severity.BLOCKING, what, where, do)


def _warn(what: str, where: str, do: str) -> Finding:
    return Finding(Severity.WARNING, what, where, do)


def named(each: EditionItem) -> str:
    return f"item {each.id}, “{shortened(each.item.title)}”"


def size(facts: Facts) -> Iterator[Finding]:
    for page in facts.pages:
        length = len(page.html.encode())
        if length > LARGE_HTML:
            finding = _block if length > LARGEST_HTML else _warn
            yield finding(
                f"The longest digest that somebody gets has {length // 1000} KB of HTML, and mail programs clip it at 100 KB, "
                "with the way to unsubscribe.",
                f"mail ({page.language})",
                "Shorten the longest items, or lower DIGEST_MAX_ITEMS.",
            )


def words(facts: Facts) -> Iterator[Finding]:
    for page in facts.pages:
        for part, said, longest in (
            ("subject", page.subject.strip(), LONG_SUBJECT),
            ("preheader", page.preheader.strip(), LONG_PREHEADER),
        ):
            where, do = f"{part} ({page.language})", f"Write one with `digest edition assemble --{part} …`."
            if not said:
                yield (_block if part == "subject" else _warn)(f"There is no {part}.", where, do)
            elif len(said) > longest:
                yield _warn(f"It has {len(said)} characters; mail programs cut it at about {longest}.", where, do)


def leftovers(facts: Facts) -> Iterator[Finding]:
    """Tokens that nothing replaced: named where they were written if that is an item, else in the mail."""
    do = "Replace it by what it should say."
    told: set[str] = set()
    for each in (version for item in facts.items for version in item.versions):
        for token in dict.fromkeys(TOKEN.findall("\n".join((each.item.title, each.item.body, each.item.venue or "")))):
            told.add(token)
            yield _block(f"“{shortened(token)}” is a token that nothing replaces.", named(each), do)
    for page in facts.pages:
        for part, said in (("subject", page.subject), ("preheader", page.preheader), ("mail", page.text)):
            for token in dict.fromkeys(TOKEN.findall(said)):
                if token not in told:
                    told.add(token)
                    yield _block(
                        f"“{shortened(token)}” is a token that nothing replaces.", f"{part} ({page.language})", do
                    )


def ways_out(facts: Facts) -> Iterator[Finding]:
    for page in facts.pages:
        links = Outline(page.html).links
        if page.unsubscribe not in links or page.unsubscribe not in page.text:
            part = "text" if page.unsubscribe in links else "HTML"
            yield _block(
                f"The {part} part has no way to unsubscribe.",
                f"mail ({page.language})",
                "Put `slot.unsubscribe` back into the template.",
            )


def postal_address(facts: Facts) -> Iterator[Finding]:
    if not facts.postal_address:
        yield _warn(
            "There is no postal address, and the law of many countries wants one in every newsletter.",
            "footer",
            "Set DIGEST_POSTAL_ADDRESS.",
        )
        return
    first = " ".join(facts.postal_address.strip().splitlines()[0].split())
    for page in facts.pages:
        if first not in " ".join(page.text.split()):
            do = "Put `publication.postal_address` back into the template."
            yield _warn("The postal address is not in the text part.", f"mail ({page.language})", do)


def structure(facts: Facts) -> Iterator[Finding]:
    """What readers by ear need of a page: its language, one title, headings in their order, a text for each picture."""
    for page in facts.pages:
        outline, where = Outline(page.html), f"mail ({page.language})"
        if not outline.language:
            yield _warn("It does not say which language it is in.", where, "Put `lang` on the template's root element.")
        if outline.headings.count(1) != 1:
            do = "Let the template have one h1, the publication's name."
            yield _warn(f"It has {outline.headings.count(1)} headings of the first level instead of one.", where, do)
        jumps = [(a, b) for a, b in zip(outline.headings, outline.headings[1:], strict=False) if b > a + 1]
        if jumps:
            do = "Leave no level out between headings in the template."
            yield _warn(f"A heading h{jumps[0][1]} follows on h{jumps[0][0]}.", where, do)
        if outline.mute:
            yield _warn(f"Pictures without alternative text: {outline.mute}.", where, "Write `alt` for each.")


def contrast(facts: Facts) -> Iterator[Finding]:
    for text, ground, ratio in facts.faint:
        yield _warn(
            f"“{text}” on “{ground}” has a contrast of {ratio:.1f}, and people need 4.5 (WCAG 2.1).",
            "theme",
            "Make the one darker or the other lighter.",
        )


def deadlines(facts: Facts) -> Iterator[Finding]:
    for each in facts.items:
        closes = closes_at(each.item)
        if closes is None:
            continue
        if closes <= facts.moment:
            yield _warn(
                "It is over when the edition goes out, so nobody gets it.",
                named(each),
                "Correct its date, or let it be.",
            )
        elif closes <= facts.moment + SOON:
            hours = max(1, round((closes - facts.moment).total_seconds() / 3600))
            do = "Send the edition earlier, or tell people another way."
            yield _warn(f"It closes {hours} h after the edition goes out.", named(each), do)


def complete(facts: Facts) -> Iterator[Finding]:
    for each in facts.items:
        if lacking := missing(each.item):
            do = "Complete it and assemble the edition again."
            yield _warn(f"It lacks {', '.join(lacking)}.", named(each), do)


def translations(facts: Facts) -> Iterator[Finding]:
    """Translations that fell behind their original or contradict it, and what lacks one where most have one."""
    for each in facts.items:
        for one in each.translations:
            language = one.item.language
            if one.stale:
                do = "See that the translation still says the same, and add it again."
                yield _warn(f"It was changed after its translation into “{language}”.", named(each), do)
            for field in ("deadline", "starts", "ends"):
                if (said := getattr(one.item, field)) not in (None, getattr(each.item, field)):
                    do = "Correct the one that is wrong; readers of either are told the original’s."
                    yield _warn(
                        f"Its translation into “{language}” has {said.isoformat()} for “{field}”, which is not the original’s.",
                        named(each),
                        do,
                    )
    for language in sorted({one.item.language for each in facts.items for one in each.translations}):
        without = [
            each for each in facts.items if not same_language(each.in_language(language).item.language, language)
        ]
        for each in without if 2 * len(without) < len(facts.items) else ():
            do = "Translate it, or let it be: its readers get it as it was written."
            yield _warn(f"It is not in “{language}”, as most others are.", named(each), do)


def insecure(facts: Facts) -> Iterator[Finding]:
    for url, where in links(facts.items):
        if url.lower().startswith("http://"):
            yield _warn(
                f"{shortened(url, 200)} is not encrypted (http).", where, "Link to its https address if it has one."
            )


def reach(facts: Facts) -> Iterator[Finding]:
    if not facts.volume.subscribers:
        yield _warn("There is no active subscriber.", "subscribers", "Bring your list: `digest subscribers import`.")
        return
    for each in facts.items:
        closes = closes_at(each.item)
        if not facts.readers.get(each.id) and (closes is None or closes > facts.moment):
            yield _warn(
                "Nobody gets it.", named(each), "Give it a topic that people follow, more priority, or `must_see`."
            )
    if facts.empty:
        yield _warn(
            f"{facts.empty} of {facts.volume.subscribers} subscribers get nothing.",
            "subscribers",
            "Add items for them, or something for everyone (`must_see`).",
        )
    for language, readers in facts.unspoken.items():
        do = f"Add a catalogue for “{language}”, or let it be."
        yield _warn(
            f"No catalogue speaks “{language}”; its readers ({readers}) get another language.", "subscribers", do
        )


def topics(facts: Facts) -> Iterator[Finding]:
    """A topic that nobody follows, and that looks like one that people do."""
    about = {slug: one for one in reversed(facts.items) for slug in one.item.topics}
    for slug in sorted(about):
        if slug not in facts.followers and (alike := close(slug, facts.followers)):
            do = f"If that is a slip: `digest topics remove {slug} --into {alike[0]}`."
            yield _warn(
                f"Nobody follows its topic “{slug}”; there is “{alike[0]}”, which people follow.",
                named(about[slug]),
                do,
            )


def changes(facts: Facts) -> Iterator[Finding]:
    """A big difference from the edition before: a list that was lost or doubled, a week that was imported twice."""
    if facts.before is None:
        return
    for what, now, then, factor in (
        ("subscribers", facts.volume.subscribers, facts.before.subscribers, 1.3),
        ("items", facts.volume.items, facts.before.items, 2),
        ("bytes of HTML", facts.volume.size, facts.before.size, 2),
    ):
        low, high = sorted((now, then))
        if high > low * factor and high - low > 5:
            yield _warn(f"It has {now:,} {what}; the last one had {then:,}.", "edition", "See that this is meant.")


def alignment(facts: Facts) -> Iterator[Finding]:
    """DMARC, relaxed (RFC 7489 §3.1.1): one of the signatures is for the From domain, its parent or its child."""
    domain, signed = facts.from_domain, facts.dkim_domains
    if signed and not any(d == domain or d.endswith(f".{domain}") or domain.endswith(f".{d}") for d in signed):
        yield _warn(
            f"The mail is from {domain} and signed for {', '.join(signed)}, so its signature does not count (DMARC).",
            "DKIM",
            "Set DIGEST_DKIM_DOMAIN to the domain of DIGEST_FROM.",
        )


CHECKS = (
    size, words, leftovers, ways_out, postal_address, structure, contrast, deadlines, complete, translations, insecure,
    reach, topics, changes, alignment,
)  # fmt: skip


def links(items: Sequence[EditionItem]) -> list[tuple[str, str]]:
    """Every web address that an edition's items link to, once, with the item that has it first."""
    found: dict[str, str] = {}
    for each in (version for item in items for version in item.versions):
        for url in _addresses(each.item, each.html):
            found.setdefault(url, named(each))
    return list(found.items())


def _addresses(item: Item, html: str) -> Iterator[str]:
    for url in (item.url, *Outline(html).links):
        if url and url.lower().startswith(("http://", "https://")):
            yield url
