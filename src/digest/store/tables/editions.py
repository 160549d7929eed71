"""Editions: what is in them, and what they are made of."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from digest.store.tables.columns import Numbered, instant, json_column


class EditionRow(Numbered, table=True):
    """`expires_at` is set when sending begins; `left_out`: [{id, title, reason}] as found at assembly."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("period"),)
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
