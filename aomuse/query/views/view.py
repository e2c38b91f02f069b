"""What a view is: its columns with a meaning each, and its SQL.

DuckDB reads the views of a SQLite file that it attaches. It runs those whose functions it knows
itself, and rewrites the others for SQLite, where its COUNT(*) and UNION are errors: a view with
a function of SQLite alone, such as strftime with a modifier, has neither. A CROSS JOIN has no ON.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc
from typing import NamedTuple

#: A join that is made after those before it, which a server would otherwise decide by statistics.
THEN_JOIN = "THEN JOIN"
_THEN_JOIN = {"sqlite": "CROSS JOIN", "mariadb": "STRAIGHT_JOIN", "mysql": "STRAIGHT_JOIN"}


class ViewColumn(NamedTuple):
    """A column of a view: its name, the SQL expression behind it, and its meaning."""

    name: str
    expression: str
    comment: str


def columns(table: str) -> tuple[ViewColumn, ...]:
    """Return the columns in a table of ``name | SQL expression | meaning``.

    A line that is indented continues the one before.
    """
    lines: list[str] = []
    for line in cleandoc(table).splitlines():
        if line.startswith(" "):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return tuple(ViewColumn(*line.split(" | ")) for line in lines)


@dataclass(frozen=True)
class View:
    """A view: its name, meaning, columns, and what follows FROM.

    ``by_lookup`` gives the same rows in a way that suits engines with keys, the databases;
    without keys, those that scan a lake take the view as it is.
    """

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]
    source: str
    by_lookup: View | None = None

    def select(self, dialect: str) -> str:
        """Return the SELECT statement of the view."""
        columns = ",\n  ".join(f"{c.expression} AS {c.name}" for c in self.columns)
        select = f"SELECT\n  {columns}\nFROM {cleandoc(self.source)}"
        return select.replace(THEN_JOIN, _THEN_JOIN[dialect])

    def create(self, dialect: str) -> str:
        """Return the CREATE VIEW statement for ``dialect`` (``sqlite`` or MariaDB's names)."""
        how = "" if dialect == "sqlite" else "OR REPLACE SQL SECURITY INVOKER "
        chosen = self.by_lookup or self
        # SQLite keeps the text without blanks at its end.
        return f"CREATE {how}VIEW {self.name} AS\n{chosen.select(dialect)}".rstrip()
