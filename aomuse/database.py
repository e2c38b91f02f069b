"""The warehouse from Python: its sessions, and its content as frames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeAlias, Unpack

import pandas as pd
from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from aomuse.change import OPERATIONS
from aomuse.db import SNAPSHOT, create_engine, describe_error
from aomuse.errors import DatabaseError
from aomuse.legacy import add_exposure
from aomuse.metrics import Grain
from aomuse.models.operations import hand_in
from aomuse.query.frames import Filters
from aomuse.query.frames.comparisons import read_comparison
from aomuse.query.frames.exposures import read_exposures
from aomuse.query.frames.extracted_sources import read_extracted_sources
from aomuse.query.frames.headers import read_header
from aomuse.query.frames.metrics import read_metrics
from aomuse.query.frames.psf import read_psf
from aomuse.query.frames.reading import deliver
from aomuse.query.frames.sources import read_sources
from aomuse.query.frames.telemetry import read_telemetry
from aomuse.query.frames.twins import read_twins
from aomuse.query.votable import register_method
from aomuse.schema import require_head

register_method()

#: A pandas.DataFrame; with chunk_rows= an iterator over DataFrames.
Frames: TypeAlias = Any
#: Lowest and highest wavelength, nm, both included; None for no limit.
Wavelengths: TypeAlias = tuple[float | None, float | None]


class Database:
    """A warehouse: its engine, sessions on it, and its content as frames.

    Each frame can be limited by ``target=``, ``mode=``, ``start=``, ``end=``, ``exposures=`` and
    ``metric=``, as `aomuse.query.frames.Filters` describes them. Rows are sorted by time.
    ``attrs["units"]`` has the unit of each column that has one; ``frame.to_votable(path)`` writes a
    VOTable. With ``chunk_rows=`` a method returns an iterator over frames of that many rows, which
    are never all in memory. A name that does not exist raises `aomuse.errors.AomuseError`.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database.
    """

    def __init__(self, engine: Engine) -> None:
        if not isinstance(engine, Engine):
            raise TypeError("Database takes an engine: aomuse.connect(url) makes one from a URL")
        self.engine = engine
        self._at_head = False
        hand_in(engine, OPERATIONS)

    def session(self) -> Session:
        """Return a session; models are in `aomuse.models`.

        Returns
        -------
        sqlalchemy.orm.Session
            To be used in a ``with`` statement. It sees the database as at its first question.
        """
        if self.engine.dialect.name == "sqlite":
            return Session(self.engine)
        return Session(self.engine.execution_options(**SNAPSHOT))

    def exposures(self, *, chunk_rows: int | None = None, **filters: Unpack[Filters]) -> Frames:
        """Return exposures, with the columns of the view v_exposure.

        Parameters
        ----------
        chunk_rows : int, optional
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row for each exposure.

        Examples
        --------
        >>> db.exposures(target="NGC 6397", metric={"seeing": (None, 0.8)})  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_exposures, filters)

    def metrics(
        self,
        *names: str,
        grain: Grain = "exposure",
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Frames:
        """Return metrics, a column for each.

        Parameters
        ----------
        *names : str
            Names as in the views, such as seeing; none for all.
        grain : str, optional
            What a row is: an ``exposure``, a ``psf_fit`` (analysis) or a ``laser``.
        chunk_rows : int, optional
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            NaN and NA where there is no value; the table exposure_metric has the reason.

        Examples
        --------
        >>> db.metrics("seeing", "glf", mode="WFM-AO")  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_metrics, names, grain, filters)

    def header(
        self,
        *keywords: str,
        extension: str = "PRIMARY",
        file: str | None = None,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Frames:
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
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row for each exposure; the first card where a keyword repeats, all lines of HISTORY
            and COMMENT.

        Examples
        --------
        >>> db.header("ESO OBS NAME", "ESO DET READ CURNAME", file="raw")  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_header, keywords, extension, file, filters)

    def telemetry(
        self,
        extension: str,
        *columns: str,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Frames:
        """Return a table of the files, with its own columns and units.

        Parameters
        ----------
        extension : str
            EXTNAME of any table that was loaded: SPARTA_ATM_DATA, SPARTA_CN2_DATA, ASM_DATA,
            SGS_DATA, AG_DATA, or one that aomuse has never heard of.
        *columns : str
            Columns of the file; none for all.
        chunk_rows : int, optional
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row for each row of the table: exposure_id, header_id (its HDU), row_index, time_utc,
            and the columns of the file.

        Examples
        --------
        >>> db.telemetry("SPARTA_ATM_DATA", "LGS1_STREHL", mode="NFM")  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_telemetry, extension, columns, filters)

    def psf(
        self,
        *parameters: str,
        wavelength: Wavelengths | None = None,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Frames:
        """Return PampelMuse's PSF by wavelength layer, a column for each parameter.

        Parameters
        ----------
        *parameters : str
            Names as in the file, such as fwhm; none for all.
        wavelength : tuple, optional
            Lowest and highest wavelength, nm, both included; None for no limit.
        chunk_rows : int, optional
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row for each analysis and layer; fwhm in pixels and fwhm_arcsec.

        Examples
        --------
        >>> db.psf("fwhm", "beta", wavelength=(700, 800))  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_psf, parameters, wavelength, filters)

    def sources(
        self,
        *,
        ids: Collection[int] | None = None,
        wavelength: Wavelengths | None = None,
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Frames:
        """Return PSF stars by wavelength layer.

        Parameters
        ----------
        ids : collection of int, optional
            PampelMuse's ids: X of PM_X.
        wavelength : tuple, optional
            Lowest and highest wavelength, nm, both included; None for no limit.
        chunk_rows : int, optional
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row for each PSF star and layer.

        Examples
        --------
        >>> db.sources(target="NGC 6397", chunk_rows=100_000)  # doctest: +SKIP
        """
        whole = chunk_rows is None
        return self._frames(chunk_rows, read_sources, ids, wavelength, filters, whole=whole)

    def extracted_sources(
        self, *, chunk_rows: int | None = None, **filters: Unpack[Filters]
    ) -> Frames:
        """Return all sources that PampelMuse extracted, PSF stars or not.

        Parameters
        ----------
        chunk_rows : int, optional
            Rows of each chunk.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            A row for each analysis and source, with the columns of v_extracted_source.

        Examples
        --------
        >>> db.extracted_sources(target="NGC 6397")  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_extracted_sources, filters)

    def twins(
        self,
        exposure: int | str,
        n: int = 10,
        *,
        any_mode: bool = False,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame:
        """Return the exposures that were taken under the most similar conditions.

        Parameters
        ----------
        exposure : int or str
            Number (exposure.id) or archive name.
        n : int, optional
            How many.
        any_mode : bool, optional
            Include those of other instrument modes.
        **filters : Filters
            Which exposures may be twins.

        Returns
        -------
        DataFrame
            A row for each twin, the nearest first, with its distance, the parts of the distance
            and its conditions: seeing, coherence time, ground layer fraction and air mass.

        Notes
        -----
        A part is the difference in one condition divided by its spread in the warehouse (see
        v_condition_spread); the distance is their mean. A condition that either exposure lacks
        counts as the mean difference of two exposures taken at random.

        Examples
        --------
        >>> db.twins("MUSE.2018-08-12T23:27:21.681", n=5)  # doctest: +SKIP
        """
        return read_twins(self._checked_engine(), exposure, n, filters, any_mode=any_mode)

    def comparison(
        self, name: str, *columns: str, chunk_rows: int | None = None, **filters: Unpack[Filters]
    ) -> Frames:
        """Return what is compared with what: predicted and delivered, or two instruments.

        Parameters
        ----------
        name : str
            ``gain``, ``residual``, ``strehl``, ``sensors``, ``lasers``, ``field``, ``isoplanatic``
            or ``isoplanatic_samples``: docs/science.md names the view of each.
        *columns : str
            Columns of the view; else all.
        chunk_rows : int, optional
            As for `exposures`.
        **filters : Filters
            Which exposures.

        Returns
        -------
        DataFrame or iterator of DataFrame
            The rows of the view, exposures sorted by time.

        Examples
        --------
        >>> db.comparison("gain", "instrument_mode", "wavelength_nm", "gain")  # doctest: +SKIP
        """
        return self._frames(chunk_rows, read_comparison, name, columns, filters)

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
            targetName, insMode, rawFile and analysisFile. A new target is created.
        data, psf_params, sources : mapping
            The documents; lists may be arrays.

        Returns
        -------
        int
            exposure.id.
        """
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

    def _frames(
        self,
        chunk_rows: int | None,
        reader: Callable[..., Iterator[pd.DataFrame]],
        *arguments: Any,
        **options: Any,
    ) -> Frames:
        """Return what a reader yields as one frame, or in chunks."""
        return deliver(reader(self._checked_engine(), *arguments, **options), chunk_rows)

    def _checked_engine(self) -> Engine:
        """Return the engine of a database that is at the head revision."""
        if not self._at_head:
            try:
                require_head(self.engine)
            except DBAPIError as error:
                raise DatabaseError(describe_error(error)) from error
            self._at_head = True
        return self.engine


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
