"""Past mail of the systems that were used before."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from digest.store.tables.columns import Numbered, instant


class PastMailRow(Numbered, table=True):
    """As everybody may read it. `removed_at`: when staff took it back; its words are gone, and its name keeps it out."""

    __tablename__ = "past_mail"
    __table_args__ = (UniqueConstraint("source", "source_uid"),)
    source: str = Field(max_length=20)
    source_uid: str = Field(max_length=200)
    subject: str = Field(max_length=300)
    sent_at: datetime = instant(index=True)
    language: str | None = Field(default=None, max_length=35)
    html: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    removed_at: datetime | None = instant(default=None)
