"""The warehouse from Python."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Unpack, overload

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from aomuse.db import create_engine, describe_error
from aomuse.errors import DatabaseError
from aomuse.schema import require_head

if TYPE_CHECKING:
    import pandas as pd
    from astropy.table import Table

    from aomuse.query.frames.filters import Filters


class Database:
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

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._ready = False

    def session(self) -> Session:
        """Return a session; models are in `aomuse.models`.

        Returns
        -------
        sqlalchemy.orm.Session
            To be used in a ``with`` statement.
        """
        return Session(self.engine)

    @overload
    def exposures(self, *, chunk_rows: None = None, **filters: Unpack[Filters]) -> pd.DataFrame: ...
    @overload
    def exposures(
        self, *, chunk_rows: int, **filters: Unpack[Filters]
    ) -> Iterator[pd.DataFrame]: ...
    def exposures(self, *, chunk_rows: int | None = None, **filters: Unpack[Filters]) -> Any:
        """Return exposures, with the columns of the view v_exposure.

        Parameters
        ----------
        chunk_rows : int, optional
            Rows of each part.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row an exposure.

        Raises
        ------
        aomuse.errors.AomuseError
            If a filter names what does not exist.

        Examples
        --------
        >>> db.exposures(target="NGC 6397", metric={"seeing": (None, 0.8)})  # doctest: +SKIP
        """
        from aomuse.query.frames import exposures

        return _deliver(exposures.read_exposures(self._engine(), filters), chunk_rows)

    @overload
    def metrics(
        self,
        *names: str,
        grain: str = "exposure",
        chunk_rows: None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame: ...
    @overload
    def metrics(
        self, *names: str, grain: str = "exposure", chunk_rows: int, **filters: Unpack[Filters]
    ) -> Iterator[pd.DataFrame]: ...
    def metrics(
        self,
        *names: str,
        grain: str = "exposure",
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Any:
        """Return metrics, a column for each.

        Parameters
        ----------
        *names : str
            Names as in the views, such as seeing; none for all.
        grain : str, optional
            What a row is: an ``exposure``, or a ``psf_fit`` (analysis).
        chunk_rows : int, optional
            Rows of each part.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            NaN and NA where there is no value; the table exposure_metric has the reason.

        Raises
        ------
        aomuse.errors.AomuseError
            If there is no such metric.

        Examples
        --------
        >>> db.metrics("seeing", "glf", mode="WFM-AO")  # doctest: +SKIP
        """
        from aomuse.query.frames import metrics

        return _deliver(metrics.read_metrics(self._engine(), names, grain, filters), chunk_rows)

    @overload
    def header(
        self,
        *keywords: str,
        extension: str = "PRIMARY",
        file: str | None = None,
        chunk_rows: None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame: ...
    @overload
    def header(
        self,
        *keywords: str,
        extension: str = "PRIMARY",
        file: str | None = None,
        chunk_rows: int,
        **filters: Unpack[Filters],
    ) -> Iterator[pd.DataFrame]: ...
    def header(
        self,
        *keywords: str,
        extension: str = "PRIMARY",
        file: str | None = None,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Any:
        """Return header keywords, a column for each, in the type of the cards.

        Parameters
        ----------
        *keywords : str
            Keywords, with or without HIERARCH, with blanks or points between the words.
        extension : str, optional
            EXTNAME.
        file : str, optional
            Role of the file: reduced, raw, prm or psf. Without it the first of them that has the
            keyword in that extension counts.
        chunk_rows : int, optional
            Rows of each part.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row an exposure; the first card where a keyword repeats, all lines of HISTORY and
            COMMENT.

        Raises
        ------
        aomuse.errors.AomuseError
            If no header has the keyword.

        Examples
        --------
        >>> db.header("ESO OBS NAME", "ESO DET READ CURNAME", file="raw")  # doctest: +SKIP
        """
        from aomuse.query.frames import headers

        pieces = headers.read_header(self._engine(), keywords, extension, file, filters)
        return _deliver(pieces, chunk_rows)

    @overload
    def telemetry(
        self,
        extension: str,
        *columns: str,
        chunk_rows: None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame: ...
    @overload
    def telemetry(
        self, extension: str, *columns: str, chunk_rows: int, **filters: Unpack[Filters]
    ) -> Iterator[pd.DataFrame]: ...
    def telemetry(
        self,
        extension: str,
        *columns: str,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Any:
        """Return a table of the files, with its own columns and units.

        Parameters
        ----------
        extension : str
            EXTNAME of any table that was loaded: SPARTA_ATM_DATA, SPARTA_CN2_DATA, ASM_DATA,
            SGS_DATA, AG_DATA, or one that aomuse has never heard of.
        *columns : str
            Columns of the file; none for all.
        chunk_rows : int, optional
            Rows of each part.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row a row of the table: exposure_id, header_id (its HDU), row_index, time_utc, and
            the columns of the file.

        Raises
        ------
        aomuse.errors.AomuseError
            If there is no such table or column.

        Examples
        --------
        >>> db.telemetry("SPARTA_ATM_DATA", "LGS1_STREHL", mode="NFM")  # doctest: +SKIP
        """
        from aomuse.query.frames import telemetry

        pieces = telemetry.read_telemetry(self._engine(), extension, columns, filters)
        return _deliver(pieces, chunk_rows)

    @overload
    def psf(
        self,
        *parameters: str,
        wavelength: tuple[float | None, float | None] | None = None,
        chunk_rows: None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame: ...
    @overload
    def psf(
        self,
        *parameters: str,
        wavelength: tuple[float | None, float | None] | None = None,
        chunk_rows: int,
        **filters: Unpack[Filters],
    ) -> Iterator[pd.DataFrame]: ...
    def psf(
        self,
        *parameters: str,
        wavelength: tuple[float | None, float | None] | None = None,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Any:
        """Return PampelMuse's PSF by wavelength layer, a column for each parameter.

        Parameters
        ----------
        *parameters : str
            Names as in the file, such as fwhm; none for all.
        wavelength : tuple, optional
            Lowest and highest wavelength, nm, both included; None for no limit.
        chunk_rows : int, optional
            Rows of each part.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row an analysis and layer; fwhm in pixels and fwhm_arcsec.

        Raises
        ------
        aomuse.errors.AomuseError
            If no PSF has the parameter.

        Examples
        --------
        >>> db.psf("fwhm", "beta", wavelength=(700, 800))  # doctest: +SKIP
        """
        from aomuse.query.frames import psf

        pieces = psf.read_psf(self._engine(), parameters, wavelength, filters)
        return _deliver(pieces, chunk_rows)

    @overload
    def sources(
        self,
        *,
        ids: Collection[int] | None = None,
        wavelength: tuple[float | None, float | None] | None = None,
        chunk_rows: None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame: ...
    @overload
    def sources(
        self,
        *,
        ids: Collection[int] | None = None,
        wavelength: tuple[float | None, float | None] | None = None,
        chunk_rows: int,
        **filters: Unpack[Filters],
    ) -> Iterator[pd.DataFrame]: ...
    def sources(
        self,
        *,
        ids: Collection[int] | None = None,
        wavelength: tuple[float | None, float | None] | None = None,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Any:
        """Return sources by wavelength layer.

        Parameters
        ----------
        ids : collection of int, optional
            PampelMuse's ids: X of PM_X.
        wavelength : tuple, optional
            Lowest and highest wavelength, nm, both included; None for no limit.
        chunk_rows : int, optional
            Rows of each part.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row a source and layer.

        Raises
        ------
        aomuse.errors.AomuseError
            If more rows are asked for at once than fit into memory.

        Examples
        --------
        >>> db.sources(target="NGC 6397", chunk_rows=100_000)  # doctest: +SKIP
        """
        from aomuse.query.frames import sources

        whole = chunk_rows is None
        pieces = sources.read_sources(self._engine(), ids, wavelength, filters, whole=whole)
        return _deliver(pieces, chunk_rows)

    def _engine(self) -> Engine:
        """Return the engine of a database that is at the head revision."""
        if not self._ready:
            try:
                require_head(self.engine)
            except DBAPIError as error:
                raise DatabaseError(describe_error(error)) from error
            self._ready = True
        return self.engine


def _deliver(pieces: Iterator[pd.DataFrame], chunk_rows: int | None) -> Any:
    from aomuse.query.frames.reading import deliver

    return deliver(pieces, chunk_rows)


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
