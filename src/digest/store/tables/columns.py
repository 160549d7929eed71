"""What columns are made of, and how constraints are named."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, MetaData, TypeDecorator
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata = MetaData(naming_convention=NAMING)
SQLModel.model_config["defer_build"] = True  # nobody asks the validator that each table would have


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


class Numbered(SQLModel):
    """What a table's rows are made of that have a number: the database gives it to a row when that is stored."""

    id: int | None = Field(default=None, primary_key=True)

    @property
    def identity(self) -> int:
        """The number of a row that is stored."""
        if self.id is None:
            raise AssertionError(f"a {type(self).__name__} that is not stored has no number")
        return self.id


def instant(**options: Any) -> Any:
    """A column of type Instant."""
    return Field(sa_type=Instant, **options)


def json_column() -> Any:
    """A column that holds a JSON document."""
    return Field(default=None, sa_column=Column(JSON, nullable=False))
