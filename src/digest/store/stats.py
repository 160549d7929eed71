"""Counting what became of editions."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, SQLModel

_D, _E = (SQLModel.metadata.tables[name] for name in ("delivery", "event"))


def deliveries(session: Session, editions: Collection[int]) -> list[tuple[int, str, str, bool, int]]:
    """(edition, recipient domain, state, whether it came back, how many)."""
    key = _D.c.edition_id, _D.c.domain, _D.c.state, _D.c.bounced_at.is_not(None)
    return _rows(session, select(*key, func.count()).where(_D.c.edition_id.in_(editions)).group_by(*key))


def events(session: Session, editions: Collection[int]) -> list[tuple[int, str, str, str | None, int]]:
    """(edition, recipient domain, type, verdict if it has one, of how many deliveries)."""
    verdict = _E.c.payload["verdict"].as_string()
    counted = (
        select(_D.c.edition_id, _D.c.domain, _E.c.type, verdict.label("verdict"), func.count(func.distinct(_D.c.id)))
        .join(_E, _E.c.delivery_id == _D.c.id)
        .where(_D.c.edition_id.in_(editions))
        .group_by(_D.c.edition_id, _D.c.domain, _E.c.type, "verdict")
    )
    return _rows(session, counted)


def _rows(session: Session, statement: Select[Any]) -> list[Any]:
    return [tuple(row) for row in session.execute(statement)]
