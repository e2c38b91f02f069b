"""What a view is: its columns with a meaning each, and its SQL."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ViewColumn:
    """A column of a view: its name, the SQL expression behind it, and its meaning."""

    name: str
    expression: str
    comment: str


@dataclass(frozen=True)
class View:
    """A view: its name, meaning, columns, and what follows FROM."""

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]
    source: str

    def select(self) -> str:
        """Return the SELECT statement of the view."""
        columns = ",\n  ".join(f"{c.expression} AS {c.name}" for c in self.columns)
        return f"SELECT\n  {columns}\nFROM {self.source}"

    def create(self, dialect: str) -> str:
        """Return the CREATE VIEW statement for ``dialect`` (``sqlite`` or MariaDB's names)."""
        if dialect == "sqlite":
            return f"CREATE VIEW {self.name} AS\n{self.select()}"
        return f"CREATE OR REPLACE SQL SECURITY INVOKER VIEW {self.name} AS\n{self.select()}"
