"""PSFs and sources as frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, Unpack, overload

from aomuse.accessors.base import Accessors, deliver

if TYPE_CHECKING:
    import pandas as pd

    from aomuse.query.frames.filters import Filters


class Analyses(Accessors):
    """What PampelMuse made of an exposure."""

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

        pieces = psf.read_psf(self._reading(), parameters, wavelength, filters)
        return deliver(pieces, chunk_rows)

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
        pieces = sources.read_sources(self._reading(), ids, wavelength, filters, whole=whole)
        return deliver(pieces, chunk_rows)
