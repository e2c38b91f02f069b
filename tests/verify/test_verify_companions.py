"""verify tells of a change in any column of the companions of an exposure.

The columns are the models' own, so that a column which is added is covered by itself.
"""

import datetime as dt
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from backends import one_on_mariadb
from companion_files import with_time, write_catalog, write_log, write_raman
from fits_factory import Tree
from warehouse import TABLES

from aomuse.verify import compare

pytestmark = pytest.mark.usefixtures("slow")

#: Columns that hold no content of a file: the database's numbers, and when a file was read.
EXEMPT = {"id", "load_run_id", "mtime_ns", "path", "role"}
#: Rows of each file, by its role.
FILES = {
    "source_file": "id = {file}",
    "night_log": "source_file_id = {file}",
    "night_weather": "exposure_id = 1",
    "night_constraint": "exposure_id = 1",
    "night_file": "exposure_id = 1",
    "header": "source_file_id = {file}",
    "header_card": "header_id = {header}",
    "keyword": "id IN (SELECT keyword_id FROM header_card WHERE header_id = {header})",
    "table_layout": "id = {layout}",
    "table_column": "table_layout_id = {layout}",
    "table_value": "header_id = {header}",
}
CASES = [
    *(("night_log", t) for t in FILES if t.startswith("night_") or t == "source_file"),
    *(("catalog", t) for t in FILES if not t.startswith("night_")),
    *(("raman", t) for t in ("source_file", "header", "header_card", "keyword")),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two exposures, one of them with all companions."""
    tree = Tree(tmp_path_factory.mktemp("companions") / "night")
    files = tree.add(1, without=["raw", "prm", "psf"])
    other = tree.add(2, without=["raw", "psf"])
    with_time(files.file("reduced"), 600.0)
    write_log(tree)
    write_catalog(files)
    # Rows that are moved to this one find none of their own number there.
    write_catalog(other, text="# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int8}\na\n")
    write_raman(tree, "RAMAN_1.fits", DATE_OBS="2018-08-13T00:01:07.123", GAIN=1.5, OPEN=True)
    return tree.root


@one_on_mariadb(("role", "name"), CASES)
def test_every_column_counts(db, root, load_once, role, name):
    load_once(root)
    files = [f for f in db.rows("source_file") if f["role"] == role]
    file = next(f for f in files if f["exposure_id"] == 1)
    header = next((h for h in db.rows("header") if h["source_file_id"] == file["id"]), {})
    layout, table = header.get("table_layout_id"), TABLES[name]
    where = FILES[name].format(file=file["id"], header=header.get("id"), layout=layout)
    unnoticed = []
    with db.engine.connect() as connection:
        known = sa.select(table).where(sa.text(where))
        stored = connection.execute(known.order_by(*table.primary_key)).mappings().all()
        assert stored
        for column in table.c:
            if column.name in EXEMPT:
                continue
            # What is moved elsewhere is the last one: its number is not taken there.
            moved = column.primary_key or column.foreign_keys
            for row in stored[-1:] if moved else stored:
                place = sa.and_(*(c == row[c.name] for c in table.primary_key))
                for value in other_values(connection, column, row[column.name]):
                    changed = sa.update(table).where(place).values({column.name: value})
                    assert connection.execute(changed).rowcount == 1
                    if not any(result.differences for result in compare(connection)):
                        unnoticed.append((column.name, row[column.name], value))
                    connection.rollback()
        assert unnoticed == []
        assert not any(result.differences for result in compare(connection))


def other_values(connection: sa.Connection, column: sa.Column[Any], value: Any) -> Iterator[Any]:
    """Give values of a column's type that differ from one; of a key, one that exists."""
    if column.foreign_keys:
        (key,) = column.foreign_keys
        others = sa.select(sa.func.max(key.column)).where(key.column != value)
        if key.column.table.name == "source_file":
            # A file without HDUs, which the log is.
            others = others.where(TABLES["source_file"].c.role == "night_log")
        yield connection.scalar(others) or 1
        return
    if value is not None and column.nullable:
        yield None
    match column.type:
        case sa.DateTime():
            yield dt.datetime(2001, 2, 3, 4, 5, 6)
        case sa.LargeBinary():
            yield zlib.compress(b"another text")
        case sa.Boolean():
            yield not value
        case sa.Double():
            yield (value or 0.0) + 1.0
        case sa.Integer():
            yield (value or 0) + 1000
        case _:
            # As long as before, for some columns hold no more.
            yield "x" if not value else value[:-1] + ("y" if value.endswith("x") else "x")
