"""The statements that make the tables and views of a lake, for where it lies now."""

from __future__ import annotations

import re
from pathlib import Path

from aomuse.errors import ConfigurationError

#: The engines that have statements.
ENGINES = ("duckdb", "spark")
#: What stands in them for the lake's own place, which can change.
PLACE = "{lake}"


def path_of(engine: str) -> Path:
    """Return where the statements of an engine lie in a lake."""
    return Path("_aomuse", f"views.{engine}.sql")


def view_statements(root: Path, engine: str = "duckdb") -> str:
    """Return the SQL of a lake's tables and views, a statement after the other.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the lake.
    engine : str, optional
        One of `ENGINES`.

    Returns
    -------
    str
        Statements for the engine.

    Raises
    ------
    ConfigurationError
        If the folder is not a lake.
    """
    try:
        text = (root / path_of(engine)).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{root} is not a lake: make one with aomuse export parquet DIR"
        ) from error
    return text.replace(PLACE, _ESCAPED[engine](str(root.resolve())))


def duckdb_path(path: str) -> str:
    """Return a path as it stands in a statement of DuckDB, where it would be a pattern."""
    return re.sub(r"([\[*?])", r"[\1]", path).replace("'", "''")


def _spark_path(path: str) -> str:
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path).replace("`", "``")


#: How a path stands in a statement: as itself, not as a pattern or the end of a text.
_ESCAPED = {"duckdb": duckdb_path, "spark": _spark_path}
