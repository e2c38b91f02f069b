"""The warehouse from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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

    def add_exposure(
        self,
        *,
        target: str,
        instrument_mode: str | None = None,
        raw_file: str | None = None,
        prm_file: str | None = None,
        data: Mapping[str, Any] | None = None,
        psf_params: Mapping[str, Any] | None = None,
        sources: Mapping[str, Any] | None = None,
    ) -> int:
        """Store an exposure that comes from no file, as AOMUSE 2020 had it.

        It becomes rows of every table, with summaries and metrics, in one transaction, as a load
        makes them; ``exposure.data()``, ``fit.psf_params()`` and ``fit.sources()`` give the
        documents back. What is odd about them is in ``exposure.issues``.

        Parameters
        ----------
        target, instrument_mode, raw_file, prm_file : str
            targetName, insMode, rawFile and analysisFile. A target that is new is made.
        data, psf_params, sources : mapping
            The documents; lists may be arrays.

        Returns
        -------
        int
            exposure.id.

        Raises
        ------
        aomuse.errors.AomuseError
            If a value is none that the database holds, or the exposure is there already.
        """
        from aomuse.legacy import add_exposure

        return add_exposure(
            self.engine,
            target=target,
            instrument_mode=instrument_mode,
            raw_file=raw_file,
            prm_file=prm_file,
            data=data,
            psf_params=psf_params,
            sources=sources,
        )


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
