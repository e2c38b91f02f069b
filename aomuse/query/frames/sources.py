"""The frame of sources: one source in one layer a row, the biggest there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from itertools import pairwise

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError
from aomuse.exchange.outcome import counted
from aomuse.models import PsfLayer, Source, SourceSample
from aomuse.query.frames.columns import FrameColumn, make_frame
from aomuse.query.frames.filters import Filters, exposure_ids
from aomuse.query.frames.psf import Fit, Wavelengths, check_wavelength, fits_of, layers_of
from aomuse.query.frames.reading import batches, by_size, reading, streamed
from aomuse.stored.rows import joined, select_rows
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
        ids, counts = _source_ids(connection, fits, sources, most)
        yield make_frame(_COLUMNS, [()] * len(_COLUMNS))
        # Of a range of wavelengths each analysis has few layers.
        share = 4 if limited else 1
        for part in by_size([f for f in fits if f.id in ids], lambda fit: fit.layers // share):
            exposures = {fit.exposure_id for fit in part}
            special = SpecialValues(connection, exposures, "psf_layer", "source_sample")
            of_part = layers_of(connection, special, part, low, high)
            for some, layers in _groups(part, of_part, counts):
                asked = {n for fit in some for n in ids[fit.id]} if sources is not None else None
                samples = _samples(connection, special, some, layers, asked, limited=limited)
                with closing(samples) as pieces:
                    yield from pieces


def _source_ids(
    connection: Connection,
    fits: Sequence[Fit],
    sources: Collection[int] | None,
    most: int | None,
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Return the ids of the sources of each analysis, and how many samples these have."""
    ids: dict[int, list[int]] = defaultdict(list)
    counts: dict[int, int] = defaultdict(int)
    if sources is not None:
        # The module sqlite3 would look for the bytes of numpy's integers, and no source has an id
        # of more than 64 bits.
        sources = [n.item() if isinstance(n, np.generic) else n for n in sources]
        sources = [n for n in sources if not isinstance(n, int) or -(2**63) <= n < 2**63]
    for part in batches([fit.id for fit in fits]):
        select = sa.select(Source.psf_fit_id, Source.pampelmuse_id, Source.sample_count)
        select = select.where(Source.psf_fit_id.in_(part))
        if sources is not None:
            select = select.where(Source.pampelmuse_id.in_(sources))
        for fit, number, count in connection.execute(select):
            ids[fit].append(number)
            counts[fit] += count
    rows = sum(counts.values())
    if most is not None and rows > most:
        raise AomuseError(
            f"that is {counted(rows, 'row')}: take them in parts (chunk_rows=1_000_000), "
            "ask for fewer (exposures=, wavelength=(700, 800)), or ask v_source_summary"
        )
    return ids, counts


def _groups(
    fits: Sequence[Fit], layers: dict[str, Values], counts: dict[int, int]
) -> Iterator[tuple[list[Fit], dict[str, Values]]]:
    """Yield analyses that have a moderate number of samples together, and their layers."""
    starts = np.searchsorted(layers["fit"], np.arange(len(fits) + 1)).tolist()
    rows = {
        fit.id: counts[fit.id] * (stop - start) // fit.layers
        for fit, (start, stop) in zip(fits, pairwise(starts), strict=True)
    }
    first = 0
    for some in by_size(fits, lambda fit: rows[fit.id]):
        own = slice(starts[first], starts[first + len(some)])
        of_some = {name: values[own] for name, values in layers.items()}
        yield some, of_some | {"fit": of_some["fit"] - first}
        first += len(some)


def _samples(
    connection: Connection,
    special: SpecialValues,
    fits: Sequence[Fit],
    layers: dict[str, Values],
    sources: Collection[int] | None,
    *,
    limited: bool,
) -> Generator[pd.DataFrame, None, None]:
    numbers = [fit.id for fit in fits]
    fixed = {"psf_fit_id": numbers[0]} if len(numbers) == 1 else {}
    layer = SourceSample.layer
    if sources is None:
        select = select_rows("source_sample", _QUANTITIES, fixed)
        select = select.where(SourceSample.psf_fit_id.in_(numbers))
    else:
        select = select_spectra(numbers, list(sources), _QUANTITIES)
        layer = PsfLayer.layer
    if limited:
        if not len(layers["layer"]):
            return
        first, last = int(layers["layer"].min()), int(layers["layer"].max())
        select = select.where(layer.between(first, last))
    known = pd.Index(_keys(layers["fit"], layers["layer"]))
    places = pd.Index(numbers)
    with closing(streamed(connection, select)) as pieces:
        for piece in pieces if fixed else [joined(list(pieces))]:
            samples = special.restored("source_sample", piece, fixed)
            if fixed:
                samples["fit"] = np.zeros(len(samples["layer"]), np.int64)
            else:
                samples["fit"] = places.get_indexer(pd.Index(samples["psf_fit_id"]))
                order = np.argsort(samples["fit"], kind="stable")
                samples = {name: values[order] for name, values in samples.items()}
            row = known.get_indexer(pd.Index(_keys(samples["fit"], samples["layer"])))
            if limited:
                # The others may have a wider range, and no range has a layer without wavelength.
                samples = {name: values[row >= 0] for name, values in samples.items()}
                row = row[row >= 0]
            # A layer that is not known, at -1, has no wavelength.
            yield _frame(fits, samples, np.append(layers["wavelength_nm"], np.nan)[row])


def _keys(fit: Values, layer: Values) -> Values:
    keys: Values = fit.astype(np.int64) << 32 | layer
    return keys


def _frame(fits: Sequence[Fit], samples: dict[str, Values], wavelengths: Values) -> pd.DataFrame:
    fit = samples["fit"]
    cells = {
        "psf_fit_id": np.array([f.id for f in fits])[fit],
        "exposure_id": np.array([f.exposure_id for f in fits])[fit],
        "model": pd.array([f.model for f in fits], dtype="string").take(fit),
        "pampelmuse_id": samples["pampelmuse_id"],
        "layer": samples["layer"],
        "wavelength_nm": wavelengths,
        "snr": samples["snr"],
        "flux": samples["flux"],
        "fwhm_pixel": samples["fwhm"],
        "fwhm_arcsec": samples["fwhm"] * np.array([f.pixel_arcsec for f in fits])[fit],
        "beta": samples["beta"],
        "xc_pixel": samples["xc"],
        "yc_pixel": samples["yc"],
    }
    return make_frame(_COLUMNS, (cells[column.name] for column in _COLUMNS))
