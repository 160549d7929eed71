"""Topics: their names, who follows one or has asked to, and how one goes, with all that have it or leaving them to another."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from digest.core.edition import EditionState
from digest.store.confirmations import waiting
from digest.store.tables import EditionItemRow, EditionRow, InterestRow, ItemTopicRow, TopicRow


def topic_ids(session: Session, slugs: Iterable[str], names: dict[str, str] | None = None) -> dict[str, int]:
    """Slug → id, making the topics that do not exist yet. `names`: how a new one is shown."""
    wanted = tuple(dict.fromkeys(slugs))
    found = _topic_rows(session, wanted)
    for slug in wanted:
        if slug not in found:
            shown = (names or {}).get(slug) or slug.replace("-", " ").capitalize()
            session.add(TopicRow(slug=slug, names={"en": shown}))
    session.flush()
    return {slug: row.identity for slug, row in _topic_rows(session, wanted).items()}


def topic_names(session: Session) -> dict[str, dict[str, str]]:
    """Slug → language → name, for every topic, by slug."""
    return {row.slug: row.names for row in session.scalars(select(TopicRow).order_by(col(TopicRow.slug)))}


def name_topic(session: Session, slug: str, language: str, name: str) -> None:
    topic_ids(session, [slug], {slug: name})
    row = _topic_rows(session, [slug])[slug]
    row.names = {**row.names, language: name}
    session.add(row)


def topic_counts(session: Session) -> dict[str, int]:
    """Slug → how many items have it."""
    counted = (
        select(col(TopicRow.slug), func.count(col(ItemTopicRow.item_id)))
        .outerjoin(ItemTopicRow, col(ItemTopicRow.topic_id) == col(TopicRow.id))
        .group_by(col(TopicRow.slug))
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def followers(session: Session) -> dict[str, int]:
    """Slug → how many subscribers follow it."""
    counted = (
        select(col(TopicRow.slug), func.count(col(InterestRow.subscriber_id)))
        .join(InterestRow, col(InterestRow.topic_id) == col(TopicRow.id))
        .group_by(col(TopicRow.slug))
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def wished(session: Session, slug: str) -> int:
    """How many have asked for it and not confirmed yet."""
    return sum(slug in row.topics.split(";") for row in waiting(session))


def under_way(session: Session, slug: str) -> list[str]:
    """The periods of editions that are approved or going out and tell of it."""
    states = [EditionState.APPROVED, EditionState.SENDING, EditionState.PAUSED]
    return list(dict.fromkeys(period for row, period in _frozen(session, states) if slug in _topics(row)))


def move(session: Session, slug: str, into: str) -> None:
    """Give everything that has a topic another one; who follows both keeps the greater weight."""
    ids = {row.slug: row.id for row in session.scalars(select(TopicRow).where(col(TopicRow.slug).in_([slug, into])))}
    old, new = ids[slug], ids[into]
    theirs = aliased(InterestRow)
    weight = select(col(theirs.weight)).where(
        col(theirs.subscriber_id) == col(InterestRow.subscriber_id), col(theirs.topic_id) == old
    )
    greater = weight.correlate(InterestRow).scalar_subquery()
    session.execute(
        update(InterestRow)
        .where(col(InterestRow.topic_id) == new, col(InterestRow.weight) < greater)
        .values(weight=greater)
        .execution_options(synchronize_session=False)
    )
    follow = select(col(InterestRow.subscriber_id)).where(col(InterestRow.topic_id) == new)
    followers = select(col(InterestRow.subscriber_id), literal(new), col(InterestRow.weight)).where(
        col(InterestRow.topic_id) == old, col(InterestRow.subscriber_id).not_in(follow)
    )
    session.execute(insert(InterestRow).from_select(["subscriber_id", "topic_id", "weight"], followers))
    have = select(col(ItemTopicRow.item_id)).where(col(ItemTopicRow.topic_id) == new)
    about = select(col(ItemTopicRow.item_id), literal(new)).where(
        col(ItemTopicRow.topic_id) == old, col(ItemTopicRow.item_id).not_in(have)
    )
    session.execute(insert(ItemTopicRow).from_select(["item_id", "topic_id"], about))
    for asked in waiting(session):
        asked.topics = ";".join(_renamed(asked.topics.split(";"), slug, into))
    for row, _ in _frozen(session, [EditionState.DRAFT]):
        if slug in _topics(row):
            said = [one | {"item": _about(one["item"], slug, into)} for one in row.snapshot.get("translations", ())]
            frozen = row.snapshot | {"item": _about(row.snapshot["item"], slug, into)}
            row.snapshot = frozen | ({"translations": said} if said else {})
    session.flush()


def remove(session: Session, slug: str) -> None:
    """Take a topic away, from all that have it."""
    topic = select(col(TopicRow.id)).where(col(TopicRow.slug) == slug).scalar_subquery()
    session.execute(delete(ItemTopicRow).where(col(ItemTopicRow.topic_id) == topic))
    session.execute(delete(InterestRow).where(col(InterestRow.topic_id) == topic))
    session.execute(delete(TopicRow).where(col(TopicRow.slug) == slug))


def _frozen(session: Session, states: list[EditionState]) -> list[tuple[EditionItemRow, str]]:
    found = select(EditionItemRow, col(EditionRow.period)).join(
        EditionRow, col(EditionRow.id) == col(EditionItemRow.edition_id)
    )
    wanted = found.where(col(EditionRow.state).in_(states)).order_by(col(EditionRow.slot))
    return [(row, period) for row, period in session.execute(wanted)]


def _topics(row: EditionItemRow) -> list[str]:
    return list(row.snapshot["item"]["topics"])


def _about(written: dict[str, object], slug: str, into: str) -> dict[str, object]:
    topics = written["topics"]
    return written | {"topics": _renamed(topics if isinstance(topics, list) else [], slug, into)}


def _renamed(slugs: list[str], slug: str, into: str) -> list[str]:
    return list(dict.fromkeys(into if each == slug else each for each in slugs))


def _topic_rows(session: Session, slugs: Sequence[str]) -> dict[str, TopicRow]:
    return {row.slug: row for row in session.scalars(select(TopicRow).where(col(TopicRow.slug).in_(slugs)))}
