"""The samples of sources: whole spectra, out of a table that is sorted by layer first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.errors import RebuildError
from aomuse.models import PsfLayer, Source, SourceSample
from aomuse.stored.rows import Select, fetch, restored_rows, select_rows
from aomuse.stored.special import SpecialValues, Values

#: Rows that are read at once, and kept: the samples of a fit's next sources are asked for next.
_BLOCK_ROWS = 1_000_000


def select_spectra(psf_fit_id: int, sources: Sequence[int], names: Iterable[str]) -> Select:
    """Return the query for samples of some sources, in the order of the key.

    It goes from layer to layer, since the samples of one source lie far apart. STRAIGHT_JOIN, since
    MariaDB would sometimes read all samples of the fit first.
    """
    columns = select_rows("source_sample", names, {"psf_fit_id": psf_fit_id}).order_by(None)
    on = (SourceSample.psf_fit_id == PsfLayer.psf_fit_id) & (SourceSample.layer == PsfLayer.layer)
    return (
        columns.select_from(PsfLayer)
        .join(SourceSample, on)
        .where(PsfLayer.psf_fit_id == psf_fit_id, SourceSample.pampelmuse_id.in_(sources))
        .order_by(PsfLayer.psf_fit_id, PsfLayer.layer, SourceSample.pampelmuse_id)
        .prefix_with("STRAIGHT_JOIN", dialect="mariadb")
        .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    )


class SampleReader:
    """Reads the samples of one source after the other, those of many in one go."""

    def __init__(self, connection: Connection, special: SpecialValues) -> None:
        self._connection = connection
        self._special = special
        self._block: dict[int, dict[str, Values]] = {}

    def read(self, header_id: int) -> dict[str, Values]:
        """Return the samples of the source whose table a header describes, sorted by layer."""
        if header_id not in self._block:
            self._block = self._read_block(header_id)
        return self._block[header_id]

    def _read_block(self, header_id: int) -> dict[int, dict[str, Values]]:
        """Return the samples of a source and of those that follow it in its file, by header."""
        fit = self._connection.scalar(
            sa.select(Source.psf_fit_id).where(Source.header_id == header_id)
        )
        if fit is None:
            raise RebuildError("the source has no row: load its file again with --reload")
        following = self._connection.execute(
            sa.select(Source.header_id, Source.pampelmuse_id, Source.sample_count)
            .where(Source.psf_fit_id == fit, Source.header_id >= header_id)
            .order_by(Source.header_id)
        ).all()
        rows = np.cumsum([max(source.sample_count, 1) for source in following])
        block = following[: max(1, int(np.searchsorted(rows, _BLOCK_ROWS, side="right")))]
        ids = [source.pampelmuse_id for source in block]
        select = select_spectra(fit, ids, (c.name for c in SourceSample.__table__.columns))
        found, fixed = fetch(self._connection, select), {"psf_fit_id": fit}
        samples = restored_rows(self._special, "source_sample", found, fixed)
        order = np.argsort(samples["pampelmuse_id"], kind="stable")
        sorted_ids = samples["pampelmuse_id"][order]
        blocks = {}
        for source in block:
            first = np.searchsorted(sorted_ids, source.pampelmuse_id)
            last = np.searchsorted(sorted_ids, source.pampelmuse_id, side="right")
            blocks[source.header_id] = {
                name: values[order[first:last]] for name, values in samples.items()
            }
        return blocks
