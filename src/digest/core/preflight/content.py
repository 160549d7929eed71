"""What is wrong with the items of an edition, and with who gets them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from digest.core.edition import EditionItem, same_language
from digest.core.finding import Finding, shortened
from digest.core.item import Item, closes_at, missing
from digest.core.outline import Outline
from digest.core.preflight.facts import Facts, named, warn
from digest.core.topic import close

SOON = timedelta(hours=12)
"""A deadline this close after the edition is out is one that most people read too late."""


def deadlines(facts: Facts) -> Iterator[Finding]:
    for each in facts.items:
        closes = closes_at(each.item)
        if closes is None:
            continue
        if closes <= facts.moment:
            yield warn(
                "It is over when the edition goes out, so nobody gets it.",
                named(each),
                "Correct its date, or let it be.",
            )
        elif closes <= facts.moment + SOON:
            hours = max(1, round((closes - facts.moment).total_seconds() / 3600))
            do = "Send the edition earlier, or tell people another way."
            yield warn(f"It closes {hours} h after the edition goes out.", named(each), do)


def complete(facts: Facts) -> Iterator[Finding]:
    for each in facts.items:
        if lacking := missing(each.item):
            do = "Complete it and assemble the edition again."
            yield warn(f"It lacks {', '.join(lacking)}.", named(each), do)


def translations(facts: Facts) -> Iterator[Finding]:
    """Translations that fell behind their original or contradict it, and what lacks one where most have one."""
    for each in facts.items:
        for one in each.translations:
            language = one.item.language
            if one.stale:
                do = "See that the translation still says the same, and add it again."
                yield warn(f"It was changed after its translation into “{language}”.", named(each), do)
            for field in ("deadline", "starts", "ends"):
                if (said := getattr(one.item, field)) not in (None, getattr(each.item, field)):
                    do = "Correct the one that is wrong; readers of either are told the original’s."
                    yield warn(
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
            yield warn(f"It is not in “{language}”, as most others are.", named(each), do)


def insecure(facts: Facts) -> Iterator[Finding]:
    for url, where in links(facts.items):
        if url.lower().startswith("http://"):
            yield warn(
                f"{shortened(url, 200)} is not encrypted (http).", where, "Link to its https address if it has one."
            )


def reach(facts: Facts) -> Iterator[Finding]:
    if not facts.volume.subscribers:
        yield warn("There is no active subscriber.", "subscribers", "Bring your list: `digest subscribers import`.")
        return
    for each in facts.items:
        closes = closes_at(each.item)
        if not facts.readers.get(each.id) and (closes is None or closes > facts.moment):
            yield warn(
                "Nobody gets it.", named(each), "Give it a topic that people follow, more priority, or `must_see`."
            )
    if facts.empty:
        yield warn(
            f"{facts.empty} of {facts.volume.subscribers} subscribers get nothing.",
            "subscribers",
            "Add items for them, or something for everyone (`must_see`).",
        )
    for language, readers in facts.unspoken.items():
        do = f"Add a catalogue for “{language}”, or let it be."
        yield warn(
            f"No catalogue speaks “{language}”; its readers ({readers}) get another language.", "subscribers", do
        )


def topics(facts: Facts) -> Iterator[Finding]:
    """A topic that nobody follows, and that looks like one that people do."""
    about = {slug: one for one in reversed(facts.items) for slug in one.item.topics}
    for slug in sorted(about):
        if slug not in facts.followers and (alike := close(slug, facts.followers)):
            do = f"If that is a slip: `digest topics remove {slug} --into {alike[0]}`."
            yield warn(
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
            yield warn(f"It has {now:,} {what}; the last one had {then:,}.", "edition", "See that this is meant.")


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
