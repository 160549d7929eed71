"""Deliveries, the pace they go at, what came back, and when the scheduler last ticked."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from digest.store.tables.columns import Numbered, instant, json_column


class DeliveryRow(Numbered, table=True):
    """One a subscriber and edition. `selection`: a pipeline.compose.Copy, worded in their language.

    `probe`: a try whether mail reaches somebody again who is paused for what came back (core.standing).
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("edition_id", "subscriber_id"),
        UniqueConstraint("message_id"),
        Index(None, "edition_id", "state", "id"),
        {"sqlite_autoincrement": True},
    )
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


class EventRow(Numbered, table=True):
    """Append-only: what happened, once. A repeated (source, source_event_id) changes nothing."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("source", "source_event_id"), Index(None, "type", "id"))
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
