"""The views of the warehouse over the files of a lake, in the SQL of each engine.

They are those that MariaDB has, so they say the same. The tables below them are views themselves:
each shows the columns of the database's table, out of its Parquet files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Table

from aomuse.lake.dialects import DIALECTS, Dialect
from aomuse.lake.layout import schema, tables
from aomuse.lake.manifest import Manifest
from aomuse.lake.statements import PLACE, path_of
from aomuse.query.views import static_views
from aomuse.query.wide import wide_views
from aomuse.whole_file import whole_file


def write_views(root: Path, connection: Connection, manifest: Manifest) -> None:
    """Write the statements beside the manifest, a file for each engine."""
    for dialect, selects in translate_views(connection):
        with whole_file(root / path_of(dialect.name)) as file:
            for statement in _statements(dialect, selects, manifest):
                file.write(f"CREATE OR REPLACE VIEW {statement};\n")


def translate_views(connection: Connection) -> list[tuple[Dialect, dict[str, str]]]:
    """Return the views of the database in the SQL of each engine; the second time it is quick."""
    views = [*static_views("mariadb"), *wide_views(connection)]
    selects = {view.name: view.select("mariadb") for view in views}
    return [
        (dialect, {name: dialect.translate(select) for name, select in selects.items()})
        for dialect in DIALECTS.values()
    ]


def _statements(dialect: Dialect, views: dict[str, str], manifest: Manifest) -> Iterator[str]:
    yield f"alembic_version AS SELECT '{manifest.revision}' AS version_num"
    with_files = {file.table for file in manifest.files.values()}
    for table in tables():
        yield f"{table.name} AS {_table(dialect, table, table.name in with_files)}"
    for name, select in views.items():
        yield f"{name} AS\n{select}"


def _table(dialect: Dialect, table: Table, has_files: bool) -> str:
    """Return the rows of a table; one without a file in the lake has no rows."""
    if has_files:
        names = ", ".join(dialect.quoted(column.name) for column in table.c)
        return f"SELECT {names} FROM {dialect.files.format(lake=PLACE, table=table.name)}"  # noqa: S608 - our own names
    types = {field.name: dialect.types[field.type] for field in schema(table.name)}
    nothing = ", ".join(
        f"CAST(NULL AS {types[column.name]}) AS {dialect.quoted(column.name)}" for column in table.c
    )
    return f"SELECT {nothing} WHERE false"
