"""Items, their topics, and the feeds that some come from."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from digest.store.tables.columns import Numbered, instant, json_column


class ItemFields(SQLModel):
    """What is checked before an item is stored (a table model itself checks nothing)."""

    kind: str = Field(max_length=20)
    title: str = Field(min_length=1, max_length=300)
    slug: str = Field(max_length=80)
    body_markdown: str = Field(default="", max_length=200_000, sa_type=Text)
    body_html: str = Field(default="", sa_type=Text)
    url: str | None = Field(default=None, max_length=2000)
    organisation: str | None = Field(default=None, max_length=300)
    byline: str | None = Field(default=None, max_length=300)
    language: str = Field(default="en", max_length=35)
    published: str | None = None
    timezone: str = "UTC"
    deadline: str | None = None
    starts: str | None = None
    ends: str | None = None
    venue: str | None = Field(default=None, max_length=500)
    image: str | None = Field(default=None, max_length=2000)
    alt: str | None = Field(default=None, max_length=500)
    priority: int = Field(default=0, ge=-100, le=100)
    must_see: bool = False
    translation_of: str | None = Field(default=None, max_length=200)
    status: str = Field(max_length=10)
    source: str = Field(max_length=200)
    source_uid: str = Field(max_length=200)
    content_hash: str = Field(max_length=64)
    ready_at: datetime | None = instant(default=None)
    closes_at: datetime | None = instant(default=None)
    archived_at: datetime | None = instant(default=None)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class ItemRow(ItemFields, Numbered, table=True):
    """`closes_at`: the instant after which the item is of no use. `content_hash`: of the item as its file would say it.

    `translation_of`: the `source_uid` of the item that this one says in another language. `updated_at`: when its words changed.
    """

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("source", "source_uid"), Index(None, "status", "ready_at"))


class TopicRow(Numbered, table=True):
    """`names`: language → the topic as people read it."""

    __tablename__ = "topic"
    slug: str = Field(max_length=80, unique=True)
    names: dict[str, str] = json_column()


class ItemTopicRow(SQLModel, table=True):
    __tablename__ = "item_topic"
    item_id: int = Field(foreign_key="item.id", primary_key=True, ondelete="CASCADE")
    topic_id: int = Field(foreign_key="topic.id", primary_key=True, ondelete="CASCADE")


class FeedRow(SQLModel, table=True):
    """What is known of a feed: what it was like (`etag`, `last_modified`), when it was asked, and what keeps failing."""

    __tablename__ = "feed"
    url: str = Field(primary_key=True, max_length=2000)
    etag: str | None = Field(default=None, max_length=500)
    last_modified: str | None = Field(default=None, max_length=500)
    asked_at: datetime = instant()
    answered_at: datetime | None = instant(default=None)
    failures: int = 0
    problem: str = Field(default="", max_length=500)
