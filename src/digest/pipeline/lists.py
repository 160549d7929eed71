"""Lists of subscribers come in, all or nothing, and go out so that they come in again."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from digest.core import topic
from digest.core.slug import slugify
from digest.core.subscriber import GONE, SubscriberState
from digest.core.token import address_hmac
from digest.pipeline.compose import speaks
from digest.pipeline.consent import merged, weighed
from digest.pipeline.list_rows import ListImport, Row, cell, read
from digest.pipeline.reading import read_text
from digest.store import consents, subscribers, suppressions
from digest.store.database import Database
from digest.store.subscribers import Subscriber
from digest.store.topics import topic_names

CHUNK = 500
"""Rows at a time: what asks for their keys takes a few hundred."""


def import_list(
    db: Database,
    path: Path,
    *,
    pepper: str,
    now: datetime,
    languages: Collection[str] = ("en",),
    usual: str = "en",
    everyone: str | None = None,
    keep_going: bool = False,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ListImport:
    """Bring a CSV list in, ours or another system's export; one bad row keeps all out unless `keep_going`.

    Everyone on it is active unless suppressed, or unless the list or `everyone` (one of exports.STANDINGS) says otherwise.
    `languages`: those that the mail is in; `usual`: that of somebody of whom the list does not say it.
    """
    result = ListImport()
    rows = read(read_text(path, "subscriber list"), path, everyone, result)
    if result.rejected and not keep_going:
        result.applied = False
        return result
    with db.write() as session:
        before = topic_names(session)
        for start in range(0, len(rows), CHUNK):
            _put(session, rows[start : start + CHUNK], pepper, now, languages, usual, result)
            if progress:
                progress(min(start + CHUNK, len(rows)), len(rows))
        result.new_topics = {slug: topic.close(slug, before) for slug in topic_names(session) if slug not in before}
        if dry_run:
            session.rollback()
            result.applied = False
    return result


def _put(
    session: Session,
    rows: Sequence[Row],
    pepper: str,
    now: datetime,
    languages: Collection[str],
    usual: str,
    result: ListImport,
) -> None:
    """A chunk of rows: who stays out, who leaves, and who is there afterwards, all counted in `result`."""
    hmacs = {row.email.key: address_hmac(pepper, row.email.key) for row in rows}
    suppressed = suppressions.among(session, hmacs.values())
    known, topics = subscribers.by_keys(session, hmacs), _topics_by_name(session)
    new: dict[SubscriberState, list[subscribers.New]] = defaultdict(list)
    given: list[dict[str, Any]] = []
    for row in rows:
        hmac, before = hmacs[row.email.key], known.get(row.email.key)
        if hmac in suppressed or (before and before.state in GONE):
            result.suppressed += 1
            continue
        if row.state in GONE:
            _keep_out(session, row, row.state, hmac, before, now)
            result.suppressed += 1
            continue
        entry, state = _entry(row, before, topics, usual), _state_after(before, row.state or SubscriberState.ACTIVE)
        result.no_topics.update(tag for tag in row.tags or () if slugify(tag) not in topics)
        if not speaks(languages, entry.language):
            result.unspoken[entry.language] += 1
        if before and before.state == state and before.says(entry):
            result.unchanged += 1
            continue
        if before:
            subscribers.put(session, entry, state=state, now=now, previous=before)
            result.updated += 1
        else:
            new[state].append(entry)
            result.added += 1
        if state == SubscriberState.ACTIVE:
            source = row.consent_source or "imported list"
            given.append({"subscriber_hmac": hmac, "action": "imported", "at": row.consent_at or now, "source": source})
        else:
            result.waiting += 1
    for state, entries in new.items():
        subscribers.add_many(session, entries, now, state)
    consents.record_all(session, given)


def _keep_out(
    session: Session, row: Row, state: SubscriberState, hmac: str, before: Subscriber | None, now: datetime
) -> None:
    """Their last word, brought along from where they said it."""
    suppressions.put(session, hmac, row.reason or f"{state} in an imported list", row.left_at or now)
    if before:
        subscribers.set_state(session, before.id, state, now)


def _entry(row: Row, before: Subscriber | None, topics: Mapping[str, str], usual: str) -> subscribers.New:
    return merged(
        row.email, before, usual=usual, name=row.name, language=row.language, topics=_followed(row, before, topics),
        kinds=row.kinds, frequency=row.frequency,
    )  # fmt: skip


def _followed(row: Row, before: Subscriber | None, topics: Mapping[str, str]) -> Mapping[str, int] | None:
    """What the list says that somebody follows; another system's tags add to what they follow here."""
    if not row.tags:
        return row.topics
    there = [topics[slug] for tag in row.tags if (slug := slugify(tag)) in topics]
    return dict.fromkeys(there, 1) | dict(before.interests if before else {})


def _state_after(before: Subscriber | None, said: SubscriberState) -> SubscriberState:
    """A list makes somebody active who never confirmed here, but does not stop anybody, nor resume who paused."""
    return said if before is None or before.state == SubscriberState.PENDING else before.state


def _topics_by_name(session: Session) -> dict[str, str]:
    """A topic's slug, and its name in any language made a slug → its slug."""
    named = topic_names(session)
    return {slugify(name): slug for slug, names in named.items() for name in (*names.values(), slug)}


def export(db: Database, pepper: str) -> Iterator[dict[str, str]]:
    """Every subscriber as a row of the list that imports them again: who left stays out there too."""
    after = 0
    while True:
        with db.read() as session:
            people = subscribers.page(session, after=after)
            hmacs = {each.id: address_hmac(pepper, each.key) for each in people}
            given = consents.first(session, hmacs.values())
        if not people:
            return
        for each in people:
            at, source = given.get(hmacs[each.id], (None, None))
            yield {
                "email": each.email,
                "name": cell(each.name),
                "language": each.language,
                "topics": ";".join(weighed(each.interests)),
                "kinds": ";".join(sorted(each.kinds)),
                "frequency": each.frequency,
                "consent_at": at.isoformat() if at else "",
                "consent_source": cell(source or ""),
                "state": each.state,
            }
        after = people[-1].id
