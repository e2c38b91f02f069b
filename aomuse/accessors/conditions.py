"""Exposures, metrics, headers, telemetry and twins as frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Unpack, overload

from aomuse.accessors.base import Accessors, deliver

if TYPE_CHECKING:
    import pandas as pd

    from aomuse.metrics import Grain
    from aomuse.query.frames.filters import Filters


class Conditions(Accessors):
    """What an exposure was taken under."""

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

        return deliver(exposures.read_exposures(self._reading(), filters), chunk_rows)

    @overload
    def metrics(
        self,
        *names: str,
        grain: Grain = "exposure",
        chunk_rows: None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame: ...
    @overload
    def metrics(
        self, *names: str, grain: Grain = "exposure", chunk_rows: int, **filters: Unpack[Filters]
    ) -> Iterator[pd.DataFrame]: ...
    def metrics(
        self,
        *names: str,
        grain: Grain = "exposure",
        chunk_rows: int | None = None,
        **filters: Unpack[Filters],
    ) -> Any:
        """Return metrics, a column for each.

        Parameters
        ----------
        *names : str
            Names as in the views, such as seeing; none for all.
        grain : str, optional
            What a row is: an ``exposure``, a ``psf_fit`` (analysis) or a ``laser``.
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

        return deliver(metrics.read_metrics(self._reading(), names, grain, filters), chunk_rows)

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

        pieces = headers.read_header(self._reading(), keywords, extension, file, filters)
        return deliver(pieces, chunk_rows)

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

        pieces = telemetry.read_telemetry(self._reading(), extension, columns, filters)
        return deliver(pieces, chunk_rows)

    def twins(
        self,
        exposure: int | str,
        n: int = 10,
        *,
        any_mode: bool = False,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame:
        """Return the exposures that were taken under the most alike conditions.

        Parameters
        ----------
        exposure : int or str
            Number (exposure.id) or archive name.
        n : int, optional
            How many.
        any_mode : bool, optional
            Also those of other instrument modes.
        **filters : Filters
            Which exposures may be twins.

        Returns
        -------
        DataFrame
            A row a twin, the nearest first, with its distance, the distance's parts and its
            conditions: seeing, coherence time, ground layer fraction and air mass.

        Raises
        ------
        aomuse.errors.AomuseError
            If there is no such exposure.

        Notes
        -----
        A part is the difference in one condition over its spread in the warehouse (see
        v_condition_spread), the distance their mean. A condition that either has not counts as
        the mean difference of two exposures taken at random.

        Examples
        --------
        >>> db.twins("MUSE.2018-08-12T23:27:21.681", n=5)  # doctest: +SKIP
        """
        from aomuse.query.frames import twins

        return twins.read_twins(self._reading(), exposure, n, filters, any_mode=any_mode)
