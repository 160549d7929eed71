"""One item in several languages: a translation is tied to its original, and comes and stays away with it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session

from digest.core.edition import Translation
from digest.core.item import Item, Status
from digest.store import items
from digest.store.items import Stored


class Untied(ValueError):
    """A translation that cannot be tied to its original, and why."""


def tied(session: Session, item: Item, uid: str) -> Item:
    """The item of `uid` as it is stored: a translation names its original by uid. Untied, with a reason, if that cannot be."""
    named = item.translation_of
    if named is None:
        return item
    original = items.by_uid(session, named) or _called(session, named)
    others = [each for each in items.translations(session, original.uid) if each.uid != uid]
    if original.uid == uid:
        raise Untied("it names the item itself")
    if original.item.translation_of:
        raise Untied(f"item {original.id} is itself a translation; name its original")
    if items.translations(session, uid):
        raise Untied("it has translations of its own; name one original in all of them")
    if original.item.language == item.language:
        raise Untied(
            f"item {original.id} is in “{item.language}” too; say in `language` what this one is translated into"
        )
    if twin := next((each for each in others if each.item.language == item.language), None):
        raise Untied(f"item {twin.id} is its translation into “{item.language}” already; edit that one")
    return replace(item, translation_of=original.uid)


def _called(session: Session, slug: str) -> Stored:
    """The one item of that slug, where several ever had it that which is no translation and not archived."""
    found = items.by_slug(session, slug)
    found = [each for each in found if not each.item.translation_of] or found
    found = [each for each in found if each.status is not Status.ARCHIVED] or found
    if not found:
        raise Untied(
            f"there is no item “{slug[:80]}”; write the slug or the uid that `digest items show` gives its original"
        )
    if len(found) > 1:
        numbers = " and ".join(str(each.id) for each in found)
        raise Untied(f"items {numbers} are both called “{slug[:80]}”; write the uid of the one that is meant")
    return found[0]


def said(original: Stored, translations: Sequence[Stored]) -> tuple[Translation, ...]:
    """The translations that are ready, as they are frozen with their original."""
    return tuple(
        Translation(each.item, each.html, each.changed_at < original.changed_at)
        for each in translations
        if each.status is Status.READY
    )


def unsaid(
    session: Session, spoken: Mapping[str, Sequence[Stored]], kept: Collection[int], left: Collection[int]
) -> Iterator[tuple[Stored, str | None]]:
    """The translations (by uid of their original) that nobody gets, with the reason if it is not that they are drafts.

    `kept` and `left` are the numbers of the originals that are in an edition and left out of it; of what went out before or
    was archived there is nothing to tell.
    """
    for uid, translations in spoken.items():
        original = items.by_uid(session, uid)
        for each in translations:
            if original is None:
                yield each, "the item that it translates is gone"
            elif original.id in left:
                yield each, f"it goes with item {original.id}, which is left out"
            elif original.id in kept and each.status is Status.DRAFT:
                yield each, None
