"""The press: frozen items become blocks once a language, and a subscriber's interests become their copy."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from digest.core.edition import EditionItem, EditionText
from digest.core.item import closes_at
from digest.core.message import Block
from digest.core.selection import Candidate, Pool, Selection
from digest.core.slot import following
from digest.pipeline.compose import Copy
from digest.store import editions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.tables import EditionRow
from digest.store.topics import topic_names

if TYPE_CHECKING:
    from digest.rendering.compiler import Compiler, Publication  # app/ makes them, and only for what renders

TopicNames = Mapping[str, Mapping[str, str]]
"""Slug → language → name."""

WORDED = 10_000
"""Sentences kept: the same few topics come again and again, and memory stays flat."""


@dataclass(frozen=True, slots=True)
class Press:
    """What it takes to turn an edition into mail: templates, the publication, and at most how many items a person gets."""

    compiler: "Compiler"
    publication: "Publication"
    limit: int


def pool(press: Press, row: EditionRow, items: Sequence[EditionItem], now: datetime) -> Pool:
    """The items of an edition as they can be chosen from at `now`."""
    candidates = [
        Candidate(
            each.id,
            each.item.kind,
            frozenset(each.item.topics),
            each.item.must_see,
            each.item.priority,
            each.item.published.day.toordinal() if each.item.published else 0,
            each.position,
            closes_at(each.item),
        )
        for each in items
    ]
    return Pool(candidates, now, following(row.slot, row.timezone, now), press.limit)


def topic_name(names: TopicNames, slug: str, language: str) -> str:
    """A topic as readers of `language` know it; in English, or by its slug, where nobody has named it for them."""
    own = {tag.lower(): name for tag, name in names.get(slug, {}).items()}
    tag = language.lower()
    return own.get(tag) or own.get(tag.partition("-")[0]) or own.get("en") or slug


class Clerk:
    """Words each person's copy: the greeting, and why they get it, in their language."""

    def __init__(self, compiler: "Compiler", topic_names: TopicNames) -> None:
        self._compiler, self._names = compiler, topic_names
        self._why = lru_cache(WORDED)(self._sentence)

    def copy(self, selection: Selection, person: Subscriber, language: str) -> Copy:
        greeting = self._compiler.greeting(language, person.name)
        why = self._why(language, selection.topics, not person.interests)
        return Copy(selection.items, greeting, why, selection.last, selection.more)

    def topic(self, slug: str, language: str) -> str:
        return topic_name(self._names, slug, language)

    def _sentence(self, language: str, topics: tuple[str, ...], fallback: bool) -> str:
        names = [self.topic(slug, language) for slug in topics]
        return textwrap.fill(
            self._compiler.why(language, names, fallback), 72, break_long_words=False, break_on_hyphens=False
        )


def text_of(
    press: Press, row: EditionRow, items: Sequence[EditionItem], own: EditionText | None, language: str
) -> EditionText:
    """Staff's words; where they wrote no subject, the templates' one. A preheader that nobody wrote is each reader's own."""
    edition, items = editions.value(row), [each.in_language(language) for each in items]
    own = own or EditionText(language, "", "")
    return EditionText(
        language,
        own.subject or press.compiler.subject(language, edition, items, press.publication),
        own.preheader,
        own.intro,
    )


def compile_blocks(
    press: Press,
    row: EditionRow,
    items: Sequence[EditionItem],
    own: Mapping[str, EditionText],
    topics: TopicNames,
    slot_key: str,
) -> tuple[dict[str, EditionText], dict[str, tuple[Block, ...]]]:
    """Texts and blocks by language."""
    texts = {each: text_of(press, row, items, own.get(each), each) for each in press.compiler.languages()}
    used = {topic for each in items for topic in each.item.topics}
    blocks = {
        language: press.compiler.compile(
            editions.value(row),
            text,
            [each.in_language(language) for each in items],
            press.publication,
            {slug: topic_name(topics, slug, language) for slug in used},
            slot_key,
        )
        for language, text in texts.items()
    }
    return texts, blocks


def store_blocks(db: Database, press: Press, edition_id: int, slot_key: str, now: datetime) -> None:
    """Compile once and keep the blocks and the texts: from here on content is frozen. Again is a no-op."""
    with db.write() as session:
        row = editions.get(session, edition_id)
        if row.compiled_at is not None:
            return
        own = editions.texts(session, edition_id)
        frozen, topics = editions.items(session, edition_id), topic_names(session)
        texts, blocks = compile_blocks(press, row, frozen, own, topics, slot_key)
        for text in texts.values():
            editions.put_text(session, edition_id, text)
        editions.drop_blocks(session, edition_id)
        for language, each in blocks.items():
            editions.put_blocks(session, edition_id, language, each)
        editions.set_values(session, edition_id, compiled_at=now)
