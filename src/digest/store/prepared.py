"""Statements of the hot path, compiled once for a driver and then run with the rows of whole groups.

SQLAlchemy takes several times as long for an execution as SQLite does (docs/adr/0012-the-hot-path.md); but what it made of a
statement is as good the hundredth time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Update

Row = Mapping[str, Any]


class Prepared:
    """An UPDATE whose parameters are named by `bindparam`; each of them is in every row."""

    def __init__(self, statement: Update) -> None:
        self._statement = statement
        self._made: dict[str, tuple[str, Callable[[Row], Any]]] = {}

    def __call__(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Run it with each of the rows. How many rows of the table that changed."""
        dialect = connection.dialect
        if dialect.name not in self._made:
            self._made[dialect.name] = _compiled(self._statement, dialect)
        sql, parameters = self._made[dialect.name]
        return connection.exec_driver_sql(sql, [parameters(row) for row in rows]).rowcount


def _compiled(statement: Update, dialect: Dialect) -> tuple[str, Callable[[Row], Any]]:
    """Its SQL, and what makes of a row the parameters as the driver wants them."""
    compiled = statement.compile(dialect=dialect)
    processors = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
    }
    fixed = {name: str(value) if isinstance(value, str) else value for name, value in compiled.params.items()}
    converted = [(name, processor) for name, processor in processors.items() if processor]
    order = compiled.positiontup

    def parameters(row: Row) -> Any:
        values = {**fixed, **row}
        for name, processor in converted:
            values[name] = processor(values[name])
        return tuple([values[name] for name in order]) if order else values

    return compiled.string, parameters
