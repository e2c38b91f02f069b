"""A lake as a warehouse to read, through DuckDB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aomuse.database import Database
from aomuse.lake.layout import BY_EXPOSURE
from aomuse.lake.manifest import read_manifest
from aomuse.lake.statements import duckdb_path, view_statements

#: The view that a frame reads besides tables.
_VIEWS = ("v_extracted_source",)
_STATEMENT = re.compile(r"CREATE OR REPLACE VIEW (\w+) AS")


def open_whole(root: Path) -> Database:
    """Return the warehouse that a lake holds."""
    return Database(_engine(view_statements(root)))


def open_exposures(root: Path, ids: Sequence[int]) -> Database:
    """Return the tables of a lake with the files of some exposures only, where they have files.

    Looking for their rows in all files of a large lake would take longer than reading them.
    """
    manifest = read_manifest(root)
    assert manifest is not None
    holders = {tuple(manifest.exposures[number][-2:]) for number in ids}
    files: dict[str, list[str]] = {}
    others: dict[str, str] = {}
    for file in manifest.files.values():
        place = Path(file.path)
        others[file.table] = file.path
        if (place.parent.name, place.stem) in holders:
            files.setdefault(file.table, []).append(file.path)
    statements = []
    for statement in view_statements(root).split(";\n"):
        name = match[1] if (match := _STATEMENT.match(statement)) else ""
        if name in BY_EXPOSURE and name in others:
            paths = [root / path for path in files.get(name, [others[name]])]
            statements.append(_of_files(statement, paths, is_empty=name not in files))
        elif not name.startswith("v_") or name in _VIEWS:
            statements.append(statement)
    return Database(_engine(";\n".join(statements)))


def _of_files(statement: str, paths: list[Path], *, is_empty: bool) -> str:
    """Return the statement of a table with other files."""
    select = statement.partition(" FROM read_parquet(")[0]
    names = ", ".join(f"'{duckdb_path(str(path))}'" for path in paths)
    where = " WHERE false" if is_empty else ""
    return f"{select} FROM read_parquet([{names}], hive_partitioning = false){where}"


def _engine(statements: str) -> sa.Engine:
    engine = sa.create_engine("duckdb:///:memory:")

    @sa.event.listens_for(engine, "connect")
    def make_views(connection: Any, _record: Any) -> None:
        connection.execute(statements)

    return engine
