"""The tables. Instants are UTC; local dates of items are kept as written (ISO text), for their zone's rules may change."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, MetaData, Text, TypeDecorator, UniqueConstraint, false
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as UTC without its zone (SQLite has none) and given back as UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the interface
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time reached the database")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the interface
        return value.replace(tzinfo=UTC) if value is not None else None


def instant(**options: Any) -> Any:
    """A column of type Instant."""
    return Field(sa_type=Instant, **options)


def json_column(default: Any = None) -> Any:
    """A column that holds a JSON document."""
    return Field(default=default, sa_column=Column(JSON, nullable=False))


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


class ItemRow(ItemFields, table=True):
    """`closes_at`: the instant after which the item is of no use. `content_hash`: of the item as its file would say it.

    `translation_of`: the `source_uid` of the item that this one says in another language. `updated_at`: when its words changed.
    """

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("source", "source_uid"), Index(None, "status", "ready_at"))
    id: int | None = Field(default=None, primary_key=True)


class TopicRow(SQLModel, table=True):
    """`names`: language → the topic as people read it."""

    __tablename__ = "topic"
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=80, unique=True)
    names: dict[str, str] = json_column()


class ItemTopicRow(SQLModel, table=True):
    __tablename__ = "item_topic"
    item_id: int = Field(foreign_key="item.id", primary_key=True, ondelete="CASCADE")
    topic_id: int = Field(foreign_key="topic.id", primary_key=True, ondelete="CASCADE")


class SubscriberFields(SQLModel):
    """What is checked before a subscriber is stored."""

    email: str = Field(max_length=320)
    email_key: str = Field(max_length=320)
    name: str = Field(default="", max_length=200)
    language: str = Field(default="en", max_length=35)
    kinds: str = Field(default="", max_length=80, sa_column_kwargs={"server_default": ""})
    frequency: str = Field(default="weekly", max_length=10, sa_column_kwargs={"server_default": "weekly"})
    state: str = Field(max_length=20)
    resumes_at: datetime | None = instant(default=None)
    created_at: datetime = instant()
    updated_at: datetime = instant()


class SubscriberRow(SubscriberFields, table=True):
    """`kinds`: those of items that they want, separated by `;`; empty for all.

    `resumes_at`: until when somebody is paused who asked for it; who is paused for another reason has none.
    """

    __tablename__ = "subscriber"
    # A number is never given twice: unsubscribe tokens carry it and outlive the person.
    __table_args__ = (UniqueConstraint("email_key"), Index(None, "state", "id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)


class InterestRow(SQLModel, table=True):
    __tablename__ = "interest"
    subscriber_id: int = Field(foreign_key="subscriber.id", primary_key=True, ondelete="CASCADE")
    topic_id: int = Field(foreign_key="topic.id", primary_key=True, ondelete="CASCADE")
    weight: int = 1


class ConsentRow(SQLModel, table=True):
    """Append-only: who agreed to what, when, by whose word."""

    __tablename__ = "consent"
    id: int | None = Field(default=None, primary_key=True)
    subscriber_hmac: str = Field(max_length=64, index=True)
    action: str = Field(max_length=20)
    wording: str | None = None
    version: str | None = None
    source: str | None = None
    proof: str | None = None
    at: datetime = instant()


class SuppressionRow(SQLModel, table=True):
    """An address that gets no mail, known only by its keyed hash. Outlives the subscriber."""

    __tablename__ = "suppression"
    address_hmac: str = Field(primary_key=True, max_length=64)
    scope: str = Field(primary_key=True, max_length=20)
    reason: str = Field(max_length=40)
    event_id: int | None = None
    at: datetime = instant()


class ConfirmationRow(SQLModel, table=True):
    """What somebody asked for, and its mailbox has to confirm: a subscription, or a new address for `subscriber_id`.

    `topics` separated by `;` · `wording`, `version`, `source`, `proof`: what the consent ledger will hold. A row ends
    after a time, confirmed or not.
    """

    __tablename__ = "confirmation"
    # A number is never given twice: the link in a mail carries it.
    __table_args__ = (Index(None, "email_key"), Index(None, "asked_at"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(max_length=320)
    email_key: str = Field(max_length=320)
    subscriber_id: int | None = Field(default=None, foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    language: str = Field(max_length=35)
    topics: str = Field(default="", sa_type=Text)
    frequency: str = Field(max_length=10)
    wording: str = Field(sa_type=Text)
    version: str = Field(max_length=20)
    source: str = Field(sa_type=Text)
    proof: str = Field(sa_type=Text)
    asked_at: datetime = instant()
    confirmed_at: datetime | None = instant(default=None)


class LetterRow(SQLModel, table=True):
    """A mail about one thing that is to be sent at `due_at`, and is written only then. `kind`: store.letters.Kind.

    `network`: where the request for it came from, for limits. `done_at`: when a server took it, or it was given up.
    """

    __tablename__ = "letter"
    __table_args__ = (Index(None, "done_at", "due_at"), Index(None, "address_key"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=12)
    address: str = Field(max_length=320)
    address_key: str = Field(max_length=320)
    confirmation_id: int | None = Field(default=None, foreign_key="confirmation.id", ondelete="CASCADE", index=True)
    subscriber_id: int | None = Field(default=None, foreign_key="subscriber.id", ondelete="CASCADE", index=True)
    network: str | None = Field(default=None, max_length=50)
    attempts: int = 0
    queued_at: datetime = instant()
    due_at: datetime = instant()
    done_at: datetime | None = instant(default=None)


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


class EditionRow(SQLModel, table=True):
    """`expires_at` is set when sending begins; `left_out`: [{id, title, reason}] as found at assembly."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("period"),)
    id: int | None = Field(default=None, primary_key=True)
    period: str = Field(max_length=20)
    number: int
    slot: datetime = instant()
    timezone: str
    state: str = Field(max_length=10)
    held_reason: str | None = None
    left_out: list[dict[str, Any]] = json_column()
    assembled_at: datetime | None = instant(default=None)
    compiled_at: datetime | None = instant(default=None)
    fanned_out_at: datetime | None = instant(default=None)
    approved_by: str | None = None
    approved_at: datetime | None = instant(default=None)
    expires_at: datetime | None = instant(default=None)


class EditionTextRow(SQLModel, table=True):
    __tablename__ = "edition_text"
    edition_id: int = Field(foreign_key="edition.id", primary_key=True, ondelete="CASCADE")
    language: str = Field(primary_key=True, max_length=35)
    subject: str
    preheader: str
    intro: str = ""


class EditionItemRow(SQLModel, table=True):
    """`snapshot`: the item as it was when frozen."""

    __tablename__ = "edition_item"
    edition_id: int = Field(foreign_key="edition.id", primary_key=True, ondelete="CASCADE")
    item_id: int = Field(primary_key=True, index=True)
    position: int
    snapshot: dict[str, Any] = json_column()


class BlockRow(SQLModel, table=True):
    """Write-once. `pieces`: text split at its slots; `position` keeps document order within a part."""

    __tablename__ = "block"
    edition_id: int = Field(foreign_key="edition.id", primary_key=True, ondelete="CASCADE")
    language: str = Field(primary_key=True, max_length=35)
    part: str = Field(primary_key=True, max_length=4)
    key: str = Field(primary_key=True, max_length=60)
    position: int
    pieces: list[str] = json_column()
    hash: str = Field(max_length=64)


class DeliveryRow(SQLModel, table=True):
    """One a subscriber and edition. `selection`: a pipeline.compose.Copy, worded in their language.

    `probe`: a try whether mail reaches somebody again who is paused for what came back (core.standing).
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("edition_id", "subscriber_id"),
        UniqueConstraint("message_id"),
        Index(None, "edition_id", "state", "id"),
        Index(None, "state", "domain", "not_before"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    edition_id: int = Field(foreign_key="edition.id")
    subscriber_id: int | None = Field(default=None, foreign_key="subscriber.id", ondelete="SET NULL", index=True)
    address: str | None = Field(default=None, max_length=320)
    domain: str = Field(max_length=255)
    language: str = Field(max_length=35)
    selection: str = Field(sa_type=Text)
    message_id: str | None = Field(default=None, max_length=320)
    state: str = Field(max_length=12)
    attempts: int = 0
    probe: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    not_before: datetime | None = instant(default=None)
    owner: str | None = Field(default=None, max_length=40, index=True)
    last_reply: str | None = None
    remote_id: str | None = Field(default=None, max_length=200)
    accepted_at: datetime | None = instant(default=None)
    bounced_at: datetime | None = instant(default=None)
    complained_at: datetime | None = instant(default=None)


class PacingRow(SQLModel, table=True):
    """What was learned of a recipient domain, `*` for everything together: core.pacing.Pace, and `closed_until` made of it."""

    __tablename__ = "pacing"
    domain: str = Field(primary_key=True, max_length=255)
    closed_until: datetime | None = instant(default=None, index=True)
    rate: float | None = None
    next_at: datetime | None = instant(default=None)
    backoff_until: datetime | None = instant(default=None)
    level: int = 0
    strikes: int = 0
    why: str = Field(default="", max_length=500)
    day: date | None = None
    sent: int = 0
    refused: int = 0
    days: int = 0
    policy: int = 0
    edition_id: int | None = None


class BounceTallyRow(SQLModel, table=True):
    """How many bounces of an edition's messages to a domain, `*` for all, changed somebody or would have; `sent`: of how many."""

    __tablename__ = "bounce_tally"
    edition_id: int = Field(foreign_key="edition.id", primary_key=True)
    domain: str = Field(primary_key=True, max_length=255)
    changes: int
    sent: int | None = None


class EventRow(SQLModel, table=True):
    """Append-only: what happened, once. A repeated (source, source_event_id) changes nothing."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("source", "source_event_id"), Index(None, "type", "id"))
    id: int | None = Field(default=None, primary_key=True)
    type: str = Field(max_length=20)
    delivery_id: int | None = Field(default=None, foreign_key="delivery.id", index=True)
    subscriber_id: int | None = Field(default=None, index=True)
    occurred_at: datetime = instant()
    received_at: datetime = instant()
    source: str = Field(max_length=40)
    source_event_id: str = Field(max_length=200)
    payload: dict[str, Any] = json_column()


class ClockRow(SQLModel, table=True):
    """The last tick of any scheduler: a clock that jumped far from it is not trusted to send unasked."""

    __tablename__ = "clock"
    name: str = Field(primary_key=True, max_length=20)
    at: datetime = instant()
