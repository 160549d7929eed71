"""Topics: what items are about and subscribers follow."""

from dataclasses import dataclass

from digest.core.errors import Refused
from digest.core.front_matter import slugify
from digest.store import items, subscribers
from digest.store.database import Database


@dataclass(frozen=True, slots=True)
class Topic:
    """`names`: language → name."""

    slug: str
    names: dict[str, str]
    items: int
    followers: int


def listing(db: Database) -> list[Topic]:
    with db.read() as session:
        used, followed = items.topic_counts(session), subscribers.topic_followers(session)
        return [
            Topic(slug, names, used.get(slug, 0), followed.get(slug, 0))
            for slug, names in items.topic_names(session).items()
        ]


def add(db: Database, name: str, language: str, called: str | None) -> str:
    """The slug of the topic, made if need be, with its name in `language`."""
    slug = slugify(name)
    if not slug or not name.isprintable():
        raise Refused(f"“{name}” is no name for a topic; use letters and digits.")
    with db.write() as session:
        items.name_topic(session, slug, language, called or name.strip())
    return slug
