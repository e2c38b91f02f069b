"""A lake as a warehouse to read, through DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aomuse.database import Database
from aomuse.lake import require_packages
from aomuse.lake.statements import view_statements


def open_lake(root: str | Path) -> Database:
    """Return the warehouse that a lake holds; nothing can be written into it.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder of the lake, made by ``aomuse export parquet``.

    Returns
    -------
    Database
        The same frames and views as of the database, read from the Parquet files by DuckDB.

    Raises
    ------
    aomuse.errors.ConfigurationError
        If the folder is not a lake, or the extra ``lake`` is not installed.
    aomuse.errors.SchemaError
        At the first question, if the lake was exported by another version of aomuse.
    """
    require_packages()
    statements = view_statements(Path(root))
    engine = sa.create_engine("duckdb:///:memory:")

    @sa.event.listens_for(engine, "connect")
    def make_views(connection: Any, _record: Any) -> None:
        connection.execute(statements)

    return Database(engine)
