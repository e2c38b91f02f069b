"""The warehouse from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import URL
from sqlalchemy.orm import Session

from aomuse.accessors import Analyses, Conditions
from aomuse.db import create_engine

if TYPE_CHECKING:
    import pandas as pd
    from astropy.table import Table


class Database(Conditions, Analyses):
    """A warehouse: its engine, sessions on it, and its content as frames.

    Each frame can be limited by ``target=``, ``mode=``, ``start=``, ``end=``, ``exposures=`` and
    ``metric=``, as `aomuse.query.frames.Filters` describes them, and comes in the order of time.
    ``attrs["units"]`` has the unit of each column that has one. With ``chunk_rows=`` a method
    returns an iterator over frames of so many rows, which never are all in memory.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    """

    def session(self) -> Session:
        """Return a session; models are in `aomuse.models`.

        Returns
        -------
        sqlalchemy.orm.Session
            To be used in a ``with`` statement.
        """
        return Session(self.engine)


def to_table(frame: pd.DataFrame) -> Table:
    """Return a frame as an astropy table with units.

    Parameters
    ----------
    frame : pandas.DataFrame
        Such as the methods of `Database` return.

    Returns
    -------
    astropy.table.Table
        See `aomuse.query.frames.to_table`.
    """
    from aomuse.query.frames import table

    return table.to_table(frame)


def from_table(table: Table) -> pd.DataFrame:
    """Return an astropy table as a frame, units in ``attrs["units"]``.

    Parameters
    ----------
    table : astropy.table.Table
        Such as `to_table` makes.

    Returns
    -------
    pandas.DataFrame
        See `aomuse.query.frames.from_table`.
    """
    from aomuse.query.frames import table as tables

    return tables.from_table(table)


def connect(url: str | URL | None = None) -> Database:
    """Return the warehouse at a URL.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        Without it the environment variable ``AOMUSE_DATABASE_URL`` counts, else the SQLite file
        ``aomuse.db`` in the working directory.

    Returns
    -------
    Database
        The warehouse.

    Raises
    ------
    aomuse.errors.ConfigurationError
        If the URL is wrong, or the driver is missing.
    """
    return Database(create_engine(url))
