"""The views of the warehouse over the files of a lake, in the SQL of DuckDB.

They are those that MariaDB has, so they say the same. The tables below them are views themselves:
each shows the columns of the database's table, out of its Parquet files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import sqlglot
from sqlalchemy import Connection, Table

from aomuse.lake.layout import schema, tables
from aomuse.lake.manifest import Manifest
from aomuse.lake.statements import PATH, PLACE
from aomuse.query.views import View, static_views
from aomuse.query.wide import wide_views
from aomuse.whole_file import whole_file

_NAMES = {pa.string(): "VARCHAR", pa.binary(): "BLOB", pa.timestamp("us"): "TIMESTAMP"}
_NAMES |= {pa.bool_(): "BOOLEAN", pa.float64(): "DOUBLE"}
_NAMES |= {pa.int16(): "SMALLINT", pa.int32(): "INTEGER", pa.int64(): "BIGINT"}


def write_views(root: Path, connection: Connection, manifest: Manifest) -> None:
    """Write the statements beside the manifest."""
    with whole_file(root / PATH) as file:
        for statement in _statements(connection, manifest):
            file.write(f"CREATE OR REPLACE VIEW {statement};\n")


def _statements(connection: Connection, manifest: Manifest) -> Iterator[str]:
    yield f"alembic_version AS SELECT '{manifest.revision}' AS version_num"
    with_files = {file.table for file in manifest.files.values()}
    for table in tables():
        yield f"{table.name} AS {_table(table, table.name in with_files)}"
    for view in [*static_views("mariadb"), *wide_views(connection)]:
        yield f"{view.name} AS\n{_select(view)}"


def _table(table: Table, has_files: bool) -> str:
    """Return the rows of a table; one without a file in the lake has no rows."""
    if has_files:
        names = ", ".join(f'"{column.name}"' for column in table.c)
        files = f"{PLACE}/{table.name}/**/*.parquet"
        return f"SELECT {names} FROM read_parquet('{files}', hive_partitioning = false)"  # noqa: S608 - our own names
    types = {field.name: _NAMES[field.type] for field in schema(table.name)}
    nothing = ", ".join(f'CAST(NULL AS {types[c.name]}) AS "{c.name}"' for c in table.c)
    return f"SELECT {nothing} WHERE false"


def _select(view: View) -> str:
    # DuckDB decides the order of joins by itself.
    statement = view.select("mariadb").replace("STRAIGHT_JOIN", "JOIN")
    return sqlglot.transpile(statement, read="mysql", write="duckdb", pretty=True)[0]
