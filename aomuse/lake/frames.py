"""A lake from Python: the frames of the database, from Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from aomuse.database import Database
from aomuse.lake import require_packages

if TYPE_CHECKING:
    from aomuse.lake.lazy import Form, LazyLake


@overload
def open_lake(root: str | Path, *, as_: Literal["pandas"] = "pandas") -> Database: ...


@overload
def open_lake(root: str | Path, *, as_: Form) -> LazyLake: ...


def open_lake(root: str | Path, *, as_: str = "pandas") -> Database | LazyLake:
    """Return the warehouse that a lake holds; nothing can be written into it.

    Parameters
    ----------
    root : str or pathlib.Path
        Folder of the lake, made by ``aomuse export parquet``.
    as_ : str, optional
        What frames are: those of ``pandas``, or ``polars``, ``dask``, ``arrow`` or ``duckdb``,
        which read the files when rows are needed, in parts.

    Returns
    -------
    Database or LazyLake
        The same frames as of the database, read from the Parquet files by DuckDB.

    Raises
    ------
    aomuse.errors.ConfigurationError
        If the folder is not a lake, or the extra ``lake`` or the library of the frames is not
        installed.
    aomuse.errors.SchemaError
        At the first question, if the lake was exported by another version of aomuse.
    """
    require_packages()
    from aomuse.lake.lazy import LazyLake
    from aomuse.lake.opening import open_whole

    database = open_whole(Path(root))
    return database if as_ == "pandas" else LazyLake(Path(root), database, as_)
