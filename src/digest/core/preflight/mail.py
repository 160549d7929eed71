"""What is wrong with the mail: its parts, its words, its way out, what readers by eye and by ear can make of it."""

import re
from collections.abc import Iterator

from digest.core.dkim import aligned
from digest.core.finding import Finding, shortened
from digest.core.outline import Outline
from digest.core.preflight.facts import Facts, block, named, warn

LARGEST_HTML = 100_000
"""Bytes: Gmail clips at about 102 KB, and then the unsubscribe link is gone."""
LARGE_HTML = 90_000
LONG_SUBJECT = 78
"""Characters: what a wide mail list shows, and a line of RFC 5322 §2.1.1; phones show about 40."""
LONG_PREHEADER = 150
TOKEN = re.compile(r"\{\{[^{}]*\}\}|\{%[^%]*%\}|\*\|[^|*\s]+\|\*|%recipient\.\w+%")
"""What a mail merge would have replaced: of Jinja, Handlebars, Mailchimp, Mailgun."""


def size(facts: Facts) -> Iterator[Finding]:
    for page in facts.pages:
        length = len(page.html.encode())
        if length > LARGE_HTML:
            finding = block if length > LARGEST_HTML else warn
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
            if not said and part == "subject":
                yield block("There is no subject.", where, do)
            elif len(said) > longest:
                yield warn(f"It has {len(said)} characters; mail programs cut it at about {longest}.", where, do)


def leftovers(facts: Facts) -> Iterator[Finding]:
    """Tokens that nothing replaced: named where they were written if that is an item, else in the mail."""
    do = "Replace it by what it should say."
    told: set[str] = set()
    for each in (version for item in facts.items for version in item.versions):
        for token in dict.fromkeys(TOKEN.findall("\n".join((each.item.title, each.item.body, each.item.venue or "")))):
            told.add(token)
            yield block(f"“{shortened(token)}” is a token that nothing replaces.", named(each), do)
    for page in facts.pages:
        for part, said in (("subject", page.subject), ("preheader", page.preheader), ("mail", page.text)):
            for token in dict.fromkeys(TOKEN.findall(said)):
                if token not in told:
                    told.add(token)
                    yield block(
                        f"“{shortened(token)}” is a token that nothing replaces.", f"{part} ({page.language})", do
                    )


def ways_out(facts: Facts) -> Iterator[Finding]:
    for page in facts.pages:
        links = Outline(page.html).links
        if page.unsubscribe not in links or page.unsubscribe not in page.text:
            part = "text" if page.unsubscribe in links else "HTML"
            yield block(
                f"The {part} part has no way to unsubscribe.",
                f"mail ({page.language})",
                "Put `slot.unsubscribe` back into the template.",
            )


def postal_address(facts: Facts) -> Iterator[Finding]:
    if not facts.postal_address:
        yield warn(
            "There is no postal address, and the law of many countries wants one in every newsletter.",
            "footer",
            "Set DIGEST_POSTAL_ADDRESS.",
        )
        return
    first = " ".join(facts.postal_address.strip().splitlines()[0].split())
    for page in facts.pages:
        if first not in " ".join(page.text.split()):
            do = "Put `publication.postal_address` back into the template."
            yield warn("The postal address is not in the text part.", f"mail ({page.language})", do)


def structure(facts: Facts) -> Iterator[Finding]:
    """What readers by ear need of a page: its language, one title, headings in their order, a text for each picture."""
    for page in facts.pages:
        outline, where = Outline(page.html), f"mail ({page.language})"
        if not outline.language:
            yield warn("It does not say which language it is in.", where, "Put `lang` on the template's root element.")
        if outline.headings.count(1) != 1:
            do = "Let the template have one h1, the publication's name."
            yield warn(f"It has {outline.headings.count(1)} headings of the first level instead of one.", where, do)
        jumps = [(a, b) for a, b in zip(outline.headings, outline.headings[1:], strict=False) if b > a + 1]
        if jumps:
            do = "Leave no level out between headings in the template."
            yield warn(f"A heading h{jumps[0][1]} follows on h{jumps[0][0]}.", where, do)
        if outline.mute:
            yield warn(f"Pictures without alternative text: {outline.mute}.", where, "Write `alt` for each.")


def contrast(facts: Facts) -> Iterator[Finding]:
    for text, ground, ratio in facts.faint:
        yield warn(
            f"“{text}” on “{ground}” has a contrast of {ratio:.1f}, and people need 4.5 (WCAG 2.1).",
            "theme",
            "Make the one darker or the other lighter.",
        )


def alignment(facts: Facts) -> Iterator[Finding]:
    domain, signed = facts.from_domain, facts.dkim_domains
    if signed and not any(aligned(each, domain) for each in signed):
        yield warn(
            f"The mail is from {domain} and signed for {', '.join(signed)}, so its signature does not count (DMARC).",
            "DKIM",
            "Set DIGEST_DKIM_DOMAIN to the domain of DIGEST_FROM.",
        )
