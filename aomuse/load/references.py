"""Local numbers in frames become the database's ids."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.exchange.frames import Layout
from aomuse.load.dictionaries import Dictionaries
from aomuse.models import Base, Header, PsfFit, SourceFile


@dataclass
class References:
    """The ids of one exposure's rows.

    Parameters
    ----------
    exposure_id, run_id : int
        The exposure and the run.
    dictionaries : Dictionaries
        Ids of shared rows.
    layouts : dict
        The exposure's layouts by fingerprint.
    files, headers, fits : dict
        Ids by local number, once `learn` has read them back.
    """

    exposure_id: int
    run_id: int
    dictionaries: Dictionaries
    layouts: dict[str, Layout]
    files: dict[int, int] = field(default_factory=dict)
    headers: dict[int, int] = field(default_factory=dict)
    fits: dict[int, int] = field(default_factory=dict)

    def resolve(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with the columns of its table."""
        columns = Base.metadata.tables[table].columns
        new: dict[str, object] = {}
        if "exposure_id" in columns:
            new["exposure_id"] = self.exposure_id
        if "load_run_id" in columns:
            new["load_run_id"] = self.run_id
        for local, column, ids in (
            ("file", "source_file_id", self.files),
            ("reduced_number", "reduced_file_id", self.files),
            ("prm_number", "prm_file_id", self.files),
            ("psf_number", "psf_file_id", self.files),
            ("header", "header_id", self.headers),
            ("fit", "psf_fit_id", self.fits),
        ):
            if local in frame and column in columns:
                new[column] = _mapped(frame[local], ids)
        if table == "header_card":
            new["keyword_id"] = self._keyword_ids(frame)
        elif table == "header":
            layout_ids = {f: self.dictionaries.layout(v)[0] for f, v in self.layouts.items()}
            new["table_layout_id"] = frame["layout"].map(layout_ids).astype("Int64")
        elif table == "table_value":
            new["table_column_id"] = self._column_ids(frame)
        resolved = frame.assign(**new)  # type: ignore[arg-type]
        return resolved[[name for name in columns.keys() if name in resolved]]  # noqa: SIM118

    def _keyword_ids(self, frame: pd.DataFrame) -> list[int]:
        pairs = list(zip(frame["keyword"], frame["comment"], strict=True))
        ids = self.dictionaries.keywords(pairs)
        return [ids[pair] for pair in pairs]

    def _column_ids(self, frame: pd.DataFrame) -> pd.Series[int]:
        fingerprint = frame["layout"].iloc[0]
        _, ids = self.dictionaries.layout(self.layouts[fingerprint])
        return frame["column_position"].map(ids)

    def learn(self, connection: Connection, table: str, frame: pd.DataFrame) -> None:
        """Read back the ids of rows just written, by their natural keys."""
        if table == "source_file":
            rows = connection.execute(
                sa.select(SourceFile.role, SourceFile.path, SourceFile.id).where(
                    SourceFile.exposure_id == self.exposure_id
                )
            )
            ids = {(role, path): number for role, path, number in rows}
            for row in frame.itertuples():
                self.files[row.file] = ids[row.role, row.path]  # type: ignore[index]
        elif table == "header":
            rows = connection.execute(
                sa.select(Header.source_file_id, Header.hdu_index, Header.id).where(
                    Header.exposure_id == self.exposure_id
                )
            )
            by_place = {(file, index): number for file, index, number in rows}
            for row in frame.itertuples():
                self.headers[row.header] = by_place[self.files[row.file], row.hdu_index]  # type: ignore[index]
        elif table == "psf_fit":
            rows = connection.execute(
                sa.select(PsfFit.name, PsfFit.model, PsfFit.id).where(
                    PsfFit.exposure_id == self.exposure_id
                )
            )
            by_name = {(name, model): number for name, model, number in rows}
            for row in frame.itertuples():
                self.fits[row.fit] = by_name[row.name, row.model]  # type: ignore[index]


def _mapped(numbers: pd.Series[int], ids: dict[int, int]) -> object:
    if numbers.isna().any():
        return numbers.map(ids, na_action="ignore").astype("Int64")
    first = numbers.iloc[0]
    if (numbers == first).all():
        # The big tables carry one fit: a constant, not a look-up a row.
        return ids[first]
    return numbers.map(ids)
