"""Which row of an earlier import a row is: by what it contains.

The address of a database and the number of a row only hint at it: another server, or another dump,
may have the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Engine

from aomuse.discover.archive_names import archive_id_of
from aomuse.exchange.files import ImportedBlob
from aomuse.ledger import Ledger
from aomuse.ledger.known_exposures import KnownExposure, StoredFile
from aomuse.legacy.content import Imported, make_content
from aomuse.legacy.decoded_row import DecodedRow, decode_row, plain_column
from aomuse.legacy.source import OldDatabase
from aomuse.models import Exposure, ImportedDocument

#: Columns whose numbers mean something only within one database.
_NUMBERS = {"id", "target", "target_id", "exposure", "exposure_id"}
#: What an analysis gave; headers and telemetry are the same for all analyses of an exposure.
_ANALYSIS_ROLES = ("prm", "psf")


@dataclass(frozen=True)
class KnownRow:
    """A row that was imported earlier: its exposure, and the file that stands for it."""

    exposure: KnownExposure
    file: StoredFile

    @property
    def number(self) -> str:
        """Table and row, whatever the database is called."""
        return _number(self.file.path)

    @cached_property
    def documents(self) -> set[tuple[str, str]]:
        """Role and checksum of each of its documents."""
        return {(file.role, file.sha256 or "") for file in self._files()}

    @cached_property
    def stored_documents(self) -> set[tuple[str, str]]:
        """The same without those that could not be parsed."""
        return {(file.role, file.sha256 or "") for file in self._files() if file.loaded}

    def _files(self) -> list[StoredFile]:
        return [f for f in self.exposure.files if _is_document(f, f.path, self.file.path)]


class Match(NamedTuple):
    """A row of an earlier import, and whether nothing in it has changed."""

    row: KnownRow
    is_equal: bool


class KnownRows:
    """The rows of earlier imports, beside those of the database that is imported now."""

    def __init__(self, engine: Engine, source: OldDatabase) -> None:
        self._engine = engine
        self._source = source
        self._ids = set(source.ids())
        #: Earlier rows that this run has found in the source: each stands for one row.
        self._taken: set[int] = set()
        self._rows: dict[int, list[KnownRow]] = {}
        self._by_number: dict[str, list[KnownRow]] = {}
        self._by_checksum: dict[str, list[KnownRow]] = {}

    def learn(self, ledger: Ledger) -> None:
        """Take over what the database has now."""
        self._rows = defaultdict(list)
        self._by_number = defaultdict(list)
        self._by_checksum = defaultdict(list)
        for exposure in ledger.exposures():
            for file in exposure.files:
                if file.role == "row" and file.imported:
                    row = KnownRow(exposure, file)
                    self._rows[exposure.id].append(row)
                    self._by_number[row.number].append(row)
                    for _, checksum in row.documents:
                        self._by_checksum[checksum].append(row)

    def of(self, exposure: KnownExposure) -> list[KnownRow]:
        """Return the rows that an exposure was imported from."""
        return self._rows.get(exposure.id, [])

    def at(self, place: str) -> list[KnownRow]:
        """Return the rows that were imported from an address and row."""
        return [row for row in self._by_number.get(_number(place), []) if row.file.path == place]

    def find(self, imported: Imported) -> Match | None:
        """Return the earlier import of a row, None where there is none or it is in doubt."""
        row = imported.rows[0]
        checksum, place = row.row_file().sha256, row.place
        numbered = [
            known
            for known in self._by_number.get(_number(place), [])
            if known.file.id not in self._taken
        ]
        found = next((known for known in numbered if known.file.sha256 == checksum), None)
        found = found or self._find_renumbered(imported)
        if found is not None:
            self._taken.add(found.file.id)
            return Match(found, is_equal=True)
        changed = [known for known in numbered if self._is_changed(known, imported)]
        here = [known for known in changed if known.file.path == place]
        if len(here or changed) != 1:
            return None
        (found,) = here or changed
        self._taken.add(found.file.id)
        return Match(found, is_equal=False)

    def read_again(self, known: KnownRow) -> DecodedRow | None:
        """Return an earlier row as the source has it now, None where it does not have it."""
        table, _, number = known.number.rpartition("/")
        is_here = self._source.place(0).rpartition("#")[2].lower() == f"{table}/0"
        if not is_here or not number.isdecimal() or int(number) not in self._ids:
            return None
        row = self._source.row(int(number))
        if row is None:
            return None
        decoded = decode_row(row)
        if decoded.row_file().sha256 == known.file.sha256:
            return decoded
        return decoded if self._is_changed(known, make_content([decoded])) else None

    def _find_renumbered(self, imported: Imported) -> KnownRow | None:
        """Return an earlier row that differs only in its numbers, if it is not another row here."""
        row, documents = imported.rows[0], _documents(imported)
        shared = [k for _, checksum in documents for k in self._by_checksum.get(checksum, [])]
        for known in {k.file.id: k for k in shared}.values():
            if (
                known.file.id not in self._taken
                and known.documents == documents
                and _without_numbers(self._columns(known)) == _without_numbers(_columns_of(row))
                and self.read_again(known) is None
            ):
                return known
        return None

    def _is_changed(self, known: KnownRow, imported: Imported) -> bool:
        """Return whether a row of the same number is an earlier one that was changed since.

        Its names must agree, and of its analysis something must be as it was.
        """
        content, old = imported.content, known.exposure
        columns = self._columns(known)
        pairs = [(plain_column(columns, "prm_file"), imported.rows[0].plain("prm_file"))]
        if old.archive_id is None or content.archive_id is None:
            pairs += [
                (plain_column(columns, "raw_file"), imported.rows[0].plain("raw_file")),
                (self._start(old), content.columns and content.columns.date_obs_utc),
            ]
        else:
            # Earlier versions took the name as it was.
            pairs.append((archive_id_of(old.archive_id), content.archive_id))
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if not both or any(a != b for a, b in both):
            return False
        stored = known.stored_documents
        before = {d for d in stored if d[0] in _ANALYSIS_ROLES} or stored
        return not before or not before.isdisjoint(_documents(imported))

    def _columns(self, known: KnownRow) -> dict[str, Any]:
        """Return the plain columns of an earlier row, as its import kept them."""
        select = (
            sa.select(ImportedDocument.content)
            .where(
                ImportedDocument.exposure_id == known.exposure.id,
                ImportedDocument.document == "row",
                ImportedDocument.source == known.file.path,
            )
            .order_by(ImportedDocument.position)
        )
        with self._engine.connect() as connection:
            columns: dict[str, Any] = json.loads("".join(connection.scalars(select)) or "{}")
        return columns

    def _start(self, exposure: KnownExposure) -> Any:
        select = sa.select(Exposure.date_obs_utc).where(Exposure.id == exposure.id)
        with self._engine.connect() as connection:
            return connection.scalar(select)


def _number(place: str) -> str:
    return place.rpartition("#")[2].lower()


def _documents(imported: Imported) -> set[tuple[str, str]]:
    place = imported.rows[0].place
    return {
        (file.role, file.sha256)
        for file in imported.files.files
        if isinstance(file, ImportedBlob) and _is_document(file, str(file), place)
    }


def _is_document(file: StoredFile | ImportedBlob, path: str, row: str) -> bool:
    """Return whether a file stands for a document of a row, and not for its plain columns."""
    return path.startswith(f"{row}/") and file.role != "night_log"


def _columns_of(row: DecodedRow) -> dict[str, Any]:
    columns: dict[str, Any] = json.loads(row.other_columns)
    return columns


def _without_numbers(columns: dict[str, Any]) -> str:
    """Return plain columns as text; NaN equals NaN there."""
    kept = {name: value for name, value in columns.items() if name not in _NUMBERS}
    kept["processed_exposure"] = [
        {name: value for name, value in row.items() if name not in _NUMBERS}
        for row in kept.get("processed_exposure", ())
    ]
    return json.dumps(kept)
