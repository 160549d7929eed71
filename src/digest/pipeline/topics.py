"""Topics: what items are about and subscribers follow."""

from dataclasses import dataclass

from digest.core.errors import Refused
from digest.core.slug import slugify
from digest.store import topics as stored
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
        used, followed = stored.topic_counts(session), stored.followers(session)
        return [
            Topic(slug, names, used.get(slug, 0), followed.get(slug, 0))
            for slug, names in stored.topic_names(session).items()
        ]


def add(db: Database, name: str, language: str, called: str | None) -> str:
    """The slug of the topic, made if need be, with its name in `language`."""
    slug = slugify(name)
    if not slug or not name.isprintable():
        raise Refused(f"“{name}” is no name for a topic; use letters and digits.")
    with db.write() as session:
        stored.name_topic(session, slug, language, called or name.strip())
    return slug


def remove(db: Database, slug: str, into: str | None) -> Topic:
    """Take a topic away, as it was; `into`: the one that its items and followers get instead. Refused while it is used."""
    with db.write() as session:
        names = stored.topic_names(session)
        for each in (slug, into):
            if each is not None and each not in names:
                raise Refused(f"There is no topic “{each}”; `digest topics list` shows those there are.")
        used = stored.topic_counts(session).get(slug, 0)
        followers = stored.followers(session).get(slug, 0) + stored.wished(session, slug)
        if into == slug:
            raise Refused(f"“{slug}” cannot go into itself; name another topic.")
        if into is None and (used or followers):
            raise Refused(
                f"“{slug}” has {used} {'item' if used == 1 else 'items'} and {followers} who "
                f"{'follows' if followers == 1 else 'follow'} it; say --into TOPIC to give them another one."
            )
        if held := stored.under_way(session, slug):
            do = f"wait until it is sent, or `digest edition reopen {held[0]}`"
            raise Refused(f"Edition {held[0]} is on its way and has items about “{slug}”; {do}.")
        if into is not None:
            stored.move(session, slug, into)
        stored.remove(session, slug)
        return Topic(slug, names[slug], used, followers)
