"""The data dictionary: every table, view and column."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Dialect, Index, Table, UniqueConstraint, make_url

from aomuse.config import DEFAULT_DATABASE_URL, MARIADB_DRIVER
from aomuse.query.views import View, static_views
from aomuse.query.wide import empty_wide_views
from scripts.docs_topics import cell, parent, topics

_INTRODUCTION = """\
# Data dictionary

Every table and view of the schema. Units stand in a column's name where it has one. Times are UTC.
`NULL` means that the file had no such value, or NaN. The [diagram](diagram.md) shows how the tables
hang together, the [design notes](design.md) why they are cut this way.

Analysts begin with the [views](#views): one grain each, with names and arcseconds instead of
numbers and pixels.
"""

_VIEWS = """\
## Views

Views are made from the tables and hold nothing of their own. `v_psf` has one more column for each
further PSF parameter that was loaded. `v_sgs_data`, `v_ag_data` and one view `v_<extension>` for
each other table in the column store have one more column for each column that was loaded, vector
columns of up to 32 elements one for each element. `aomuse load` and `aomuse migrate` bring them up
to date.
"""


def page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown.
    """
    views = [*static_views("mariadb"), *empty_wide_views()]
    lines = [_INTRODUCTION]
    for topic in topics():
        names = ", ".join(f"[{table.name}](#{table.name})" for table in topic.tables)
        lines.append(f"- {topic.title}: {names}")
    lines.append(f"- Views: {', '.join(f'[{view.name}](#{view.name})' for view in views)}")
    for topic in topics():
        lines += ["", f"## {topic.title}", "", cell(topic.meaning)]
        for table in topic.tables:
            lines += ["", *_table(table)]
    lines += ["", _VIEWS.rstrip()]
    for view in views:
        lines += ["", *_view(view)]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> Iterable[str]:
    yield f"### {table.name}"
    yield ""
    yield f"{cell(table.comment or '')}."
    yield ""
    sqlite, mariadb = _dialect(DEFAULT_DATABASE_URL), _dialect(f"{MARIADB_DRIVER}://")
    yield "| column | SQLite | MariaDB | NULL | key | meaning |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for column in table.columns:
        cells = (
            f"`{column.name}`",
            column.type.compile(dialect=sqlite),
            column.type.compile(dialect=mariadb),
            "yes" if column.nullable else "",
            _key(column),
            cell(column.comment or ""),
        )
        yield f"| {' | '.join(cells)} |"
    several = [_columns(c.columns) for c in _uniques(table) if len(c.columns) > 1]
    several.sort()
    if several:
        yield ""
        yield f"Unique together: {'; '.join(several)}."
    indexes = sorted(_columns(i.columns) for i in table.indexes if len(i.columns) > 1)
    if indexes:
        yield ""
        yield f"Index: {'; '.join(indexes)}."


def _dialect(url: str) -> Dialect:
    """Return the dialect of a database, without its driver."""
    return make_url(url).get_dialect()()


def _uniques(table: Table) -> list[UniqueConstraint | Index]:
    constraints = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    return [*constraints, *(index for index in table.indexes if index.unique)]


def _columns(columns: Iterable[Column[object]]) -> str:
    return ", ".join(f"`{column.name}`" for column in columns)


def _key(column: Column[object]) -> str:
    table = column.table
    assert isinstance(table, Table)
    said = ["primary"] if column.primary_key else []
    referred = parent(column)
    if referred is not None:
        said.append(f"→ [{referred}](#{referred})")
    alone = [c for c in _uniques(table) if list(c.columns) == [column]]
    if alone:
        said.append("unique")
    elif any(list(index.columns) == [column] for index in table.indexes):
        said.append("index")
    return ", ".join(said)


def _view(view: View) -> Iterable[str]:
    yield f"### {view.name}"
    yield ""
    yield f"{cell(view.comment)}."
    yield ""
    yield "| column | meaning |"
    yield "| --- | --- |"
    for column in view.columns:
        yield f"| `{column.name}` | {cell(column.comment)} |"
