"""The frame of sources: one source in one layer a row, the biggest there is."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError
from aomuse.exchange.outcome import counted
from aomuse.models import Source, SourceSample
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.psf import Fit, Wavelengths, check_wavelength, fits_of, layers_of
from aomuse.query.frames.reading import batches, reading, streamed
from aomuse.stored.rows import select_rows
from aomuse.stored.samples import select_spectra
from aomuse.stored.special import SpecialValues, Values

#: Rows of a frame that is asked for as a whole: 2 GB.
MOST_ROWS = 20_000_000

_QUANTITIES = ("snr", "flux", "fwhm", "beta", "xc", "yc")
_COLUMNS = (
    FrameColumn("psf_fit_id", "count"),
    FrameColumn("exposure_id", "count"),
    FrameColumn("model", "text"),
    FrameColumn("pampelmuse_id", "count"),
    FrameColumn("layer", "count"),
    FrameColumn("wavelength_nm", "float", "nm"),
    FrameColumn("snr", "float"),
    FrameColumn("flux", "float"),
    FrameColumn("fwhm_pixel", "float", "pix"),
    FrameColumn("fwhm_arcsec", "float", "arcsec"),
    FrameColumn("beta", "float"),
    FrameColumn("xc_pixel", "float", "pix"),
    FrameColumn("yc_pixel", "float", "pix"),
)


def read_sources(
    engine: Engine,
    sources: Collection[int] | None,
    wavelength: Wavelengths | None,
    filters: Filters,
    *,
    whole: bool,
) -> Iterator[pd.DataFrame]:
    """Yield samples of sources, exposures sorted by time."""
    low, high = check_wavelength(wavelength)
    limited = low is not None or high is not None
    with reading(engine) as connection:
        fits = fits_of(connection, exposure_ids(connection, filters))
        most = MOST_ROWS if whole and not limited else None
        ids = _source_ids(connection, fits, sources, most)
        yield make_frame(_COLUMNS, [()] * len(_COLUMNS))
        for fit in fits:
            if ids.get(fit.id):
                samples = _samples(connection, fit, ids[fit.id], sources, low, high)
                with closing(samples) as pieces:
                    yield from pieces


def _source_ids(
    connection: Connection,
    fits: Sequence[Fit],
    sources: Collection[int] | None,
    most: int | None,
) -> dict[int, list[int]]:
    """Return the ids of the sources of each analysis."""
    found: dict[int, list[int]] = {}
    rows = 0
    if sources is not None:
        # The module sqlite3 would look for the bytes of numpy's integers.
        sources = [n.item() if isinstance(n, np.generic) else n for n in sources]
    for part in batches([fit.id for fit in fits]):
        select = sa.select(Source.psf_fit_id, Source.pampelmuse_id, Source.sample_count)
        select = select.where(Source.psf_fit_id.in_(part))
        if sources is not None:
            select = select.where(Source.pampelmuse_id.in_(sources))
        for fit, number, count in connection.execute(select):
            found.setdefault(fit, []).append(number)
            rows += count
    if most is not None and rows > most:
        raise AomuseError(
            f"that is {counted(rows, 'row')}: take them in parts (chunk_rows=1_000_000), "
            "ask for fewer (exposures=, wavelength=(700, 800)), or ask v_source_summary"
        )
    return found


def _samples(
    connection: Connection,
    fit: Fit,
    ids: list[int],
    sources: Collection[int] | None,
    low: float | None,
    high: float | None,
) -> Generator[pd.DataFrame, None, None]:
    special = SpecialValues(connection, [fit.exposure_id], "psf_layer", "source_sample")
    layers = layers_of(connection, special, [fit], low, high)
    fixed = {"psf_fit_id": fit.id}
    if sources is None:
        select = select_rows("source_sample", _QUANTITIES, fixed)
    else:
        select = select_spectra(fit.id, ids, _QUANTITIES)
    if low is not None or high is not None:
        if not len(layers["layer"]):
            return
        first, last = int(layers["layer"].min()), int(layers["layer"].max())
        select = select.where(SourceSample.layer.between(first, last))
    with closing(streamed(connection, select)) as pieces:
        for piece in pieces:
            samples = special.restored("source_sample", piece, fixed)
            yield _frame(fit, samples, layers)


def _frame(fit: Fit, samples: dict[str, Values], layers: dict[str, Values]) -> pd.DataFrame:
    count = len(samples["layer"])
    place = pd.Index(layers["layer"]).get_indexer(pd.Index(samples["layer"]))
    # A layer that is not known, at -1, has no wavelength.
    wavelengths = np.append(layers["wavelength_nm"], np.nan)[place]
    cells = {
        "psf_fit_id": np.full(count, fit.id),
        "exposure_id": np.full(count, fit.exposure_id),
        "model": pd.array([fit.model], dtype="string").repeat(count),
        "pampelmuse_id": samples["pampelmuse_id"],
        "layer": samples["layer"],
        "wavelength_nm": wavelengths,
        "snr": samples["snr"],
        "flux": samples["flux"],
        "fwhm_pixel": samples["fwhm"],
        "fwhm_arcsec": samples["fwhm"] * fit.pixel_arcsec,
        "beta": samples["beta"],
        "xc_pixel": samples["xc"],
        "yc_pixel": samples["yc"],
    }
    return make_frame(_COLUMNS, (cells[column.name] for column in _COLUMNS))
