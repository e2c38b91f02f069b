"""The samples of sources: whole spectra, out of a table that is sorted by layer first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.models import PsfLayer, Source, SourceSample
from aomuse.stored.rows import Select, pieces, select_rows
from aomuse.stored.special import SpecialValues, Values

#: Rows that are read at once, and kept, 60 bytes each: the samples of a fit's next sources are
#: asked for next. All that a fit has are read fastest, since they need not be picked.
_BLOCK_ROWS = 4_000_000

_QUANTITIES = ("snr", "flux", "fwhm", "beta", "xc", "yc")
_TYPES: dict[str, type[Any]] = {"layer": np.int32, "pampelmuse_id": np.int64}
_TYPES |= dict.fromkeys(_QUANTITIES, np.float64)


def select_spectra(fits: Sequence[int], sources: Sequence[int], names: Iterable[str]) -> Select:
    """Return the query for samples of some sources of analyses, in the order of the key.

    The number of the analysis is among the columns where there are several.

    It goes from layer to layer, since the samples of one source lie far apart. STRAIGHT_JOIN, since
    MariaDB would sometimes read all samples of the fit first.
    """
    fixed = {"psf_fit_id": fits[0]} if len(fits) == 1 else {}
    columns = select_rows("source_sample", names, fixed).order_by(None)
    on = (SourceSample.psf_fit_id == PsfLayer.psf_fit_id) & (SourceSample.layer == PsfLayer.layer)
    return (
        columns.select_from(PsfLayer)
        .join(SourceSample, on)
        .where(PsfLayer.psf_fit_id.in_(fits), SourceSample.pampelmuse_id.in_(sources))
        .order_by(PsfLayer.psf_fit_id, PsfLayer.layer, SourceSample.pampelmuse_id)
        .prefix_with("STRAIGHT_JOIN", dialect="mariadb")
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )


class SampleReader:
    """Reads the samples of one source after the other, those of many in one go."""

    def __init__(self, connection: Connection, special: SpecialValues) -> None:
        self._connection = connection
        self._special = special
        #: Samples of several sources, and which of them are those of each header.
        self._samples: dict[str, Values] = {}
        self._places: dict[int, Values] = {}

    def read(self, header_id: int) -> dict[str, Values]:
        """Return the samples of the source whose table a header describes, sorted by layer."""
        if header_id not in self._places:
            self._samples, self._places = {}, {}
            self._read_block(header_id)
        places = self._places[header_id]
        return {name: values[places] for name, values in self._samples.items()}

    def _read_block(self, header_id: int) -> None:
        """Read the samples of a source and of those that follow it in its file."""
        fit = self._connection.scalar(
            sa.select(Source.psf_fit_id).where(Source.header_id == header_id)
        )
        if fit is None:
            raise RebuildError("the source has no row: load its file again with --reload")
        all_sources = self._connection.execute(
            sa.select(Source.header_id, Source.pampelmuse_id, Source.sample_count)
            .where(Source.psf_fit_id == fit)
            .order_by(Source.header_id)
        ).all()
        following = [source for source in all_sources if source.header_id >= header_id]
        rows = np.cumsum([max(source.sample_count, 1) for source in following])
        block = following[: max(1, int(np.searchsorted(rows, _BLOCK_ROWS, side="right")))]
        fixed = {"psf_fit_id": fit}
        if len(block) == len(all_sources):
            select = select_rows("source_sample", _QUANTITIES, fixed)
        else:
            select = select_spectra([fit], [s.pampelmuse_id for s in block], _QUANTITIES)
        restored = (
            self._special.restored("source_sample", piece, fixed)
            for piece in pieces(self._connection, select)
        )
        samples = _collected(restored, sum(source.sample_count for source in block))
        found = samples.pop("pampelmuse_id")
        self._samples = samples
        order = np.argsort(found, kind="stable").astype(np.int32)
        ids = np.array([source.pampelmuse_id for source in block], dtype=found.dtype)
        first, last = (np.searchsorted(found[order], ids, side) for side in ("left", "right"))
        for i, source in enumerate(block):
            self._places[source.header_id] = order[first[i] : last[i]]


def _collected(parts: Iterable[dict[str, Values]], expected: int) -> dict[str, Values]:
    """Return samples as one, in arrays made for as many as are expected: no piece is kept."""
    whole = {name: np.empty(expected, dtype) for name, dtype in _TYPES.items()}
    count = 0
    for part in parts:
        end = count + len(part["layer"])
        if end > len(whole["layer"]):
            whole = {name: np.resize(values, 2 * end) for name, values in whole.items()}
        for name, values in whole.items():
            values[count:end] = part[name]
        count = end
    return {name: values[:count] for name, values in whole.items()}
