"""Subscribers, what they agreed to and what they asked for."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from digest.store.tables.columns import Numbered, instant


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


class SubscriberRow(SubscriberFields, Numbered, table=True):
    """`kinds`: those of items that they want, separated by `;`; empty for all.

    `resumes_at`: until when somebody is paused who asked for it; who is paused for another reason has none.
    """

    __tablename__ = "subscriber"
    # A number is never given twice: unsubscribe tokens carry it and outlive the person.
    __table_args__ = (UniqueConstraint("email_key"), Index(None, "state", "id"), {"sqlite_autoincrement": True})


class InterestRow(SQLModel, table=True):
    __tablename__ = "interest"
    subscriber_id: int = Field(foreign_key="subscriber.id", primary_key=True, ondelete="CASCADE")
    topic_id: int = Field(foreign_key="topic.id", primary_key=True, ondelete="CASCADE")
    weight: int = 1


class ConsentRow(Numbered, table=True):
    """Append-only: who agreed to what, when, by whose word."""

    __tablename__ = "consent"
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


class ConfirmationRow(Numbered, table=True):
    """What somebody asked for, and its mailbox has to confirm: a subscription, or a new address for `subscriber_id`.

    `topics` separated by `;` · `wording`, `version`, `source`, `proof`: what the consent ledger will hold. A row ends
    after a time, confirmed or not.
    """

    __tablename__ = "confirmation"
    # A number is never given twice: the link in a mail carries it.
    __table_args__ = (Index(None, "email_key"), Index(None, "asked_at"), {"sqlite_autoincrement": True})
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


class LetterRow(Numbered, table=True):
    """A mail about one thing that is to be sent at `due_at`, and is written only then. `kind`: store.letters.Kind.

    `network`: where the request for it came from, for limits. `done_at`: when a server took it, or it was given up.
    """

    __tablename__ = "letter"
    __table_args__ = (Index(None, "done_at", "due_at"), Index(None, "address_key"), {"sqlite_autoincrement": True})
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
