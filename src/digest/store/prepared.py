"""Statements of the hot path, compiled once for a driver and then run with the rows of whole groups.

SQLAlchemy takes several times as long for an execution as SQLite does (docs/adr/0012-the-hot-path.md); but what it made of a
statement is as good the hundredth time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Update

Row = Mapping[str, Any]


class Prepared:
    """An UPDATE whose parameters are named by `bindparam`: each is in every row, or `shared` by all of them."""

    def __init__(self, statement: Update) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, connection: Connection, rows: Sequence[Row], **shared: Any) -> int:
        """Run it with each of the rows. How many rows of the table that changed."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _compiled(self._statement, dialect)
        compiled = self._compiled[dialect.name]
        common = {**compiled.fixed, **compiled.converted(shared)}
        return connection.exec_driver_sql(compiled.sql, [compiled.parameters(common, row) for row in rows]).rowcount


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement for one driver. `order` of the parameters, where it wants them by place; `fixed`: those of the statement."""

    sql: str
    order: Sequence[str] | None
    processors: Mapping[str, Callable[[Any], Any]]
    fixed: Mapping[str, Any]

    def converted(self, values: Row) -> dict[str, Any]:
        """As the driver wants them."""
        known = self.processors
        return {name: known[name](value) if name in known else value for name, value in values.items()}

    def parameters(self, common: Row, row: Row) -> Any:
        values = {**common, **self.converted(row)}
        return tuple([values[name] for name in self.order]) if self.order else values


def _compiled(statement: Update, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    found = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    processors = {name: processor for name, processor in found.items() if processor}
    fixed = {name: str(value) if isinstance(value, str) else value for name, value in compiled.params.items()}
    return _Compiled(compiled.string, compiled.positiontup, processors, fixed)
