"""The statements that make the tables and views of a lake in DuckDB, for where it lies now."""

from __future__ import annotations

from pathlib import Path

from aomuse.errors import ConfigurationError

#: Where they lie in a lake, with `PLACE` for its own place, which can change.
PATH = Path("_aomuse", "views.duckdb.sql")
PLACE = "{lake}"


def view_statements(root: Path) -> str:
    """Return the SQL of a lake's tables and views, a statement after the other.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the lake.

    Returns
    -------
    str
        Statements for DuckDB.

    Raises
    ------
    ConfigurationError
        If the folder is not a lake.
    """
    try:
        text = (root / PATH).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{root} is not a lake: make one with aomuse export parquet DIR"
        ) from error
    return text.replace(PLACE, str(root.resolve()).replace("'", "''"))
