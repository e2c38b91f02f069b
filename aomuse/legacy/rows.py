"""A row of any generation as named parts: what each blob is, decoded, and what is wrong with it."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from aomuse.exchange.files import ImportedBlob, Role
from aomuse.exchange.issue import Issue
from aomuse.legacy.decode import BlobError, decode, text_of
from aomuse.legacy.source import SourceRow

#: What the generations call the same thing, in lower case.
PLAIN = {
    "instrument_mode": ("insmode", "instrument_mode"),
    "analysis_file": ("analysisfile", "prm_filename"),
    "raw_file": ("rawfile", "raw_exposure_filename", "raw_filename"),
    "start": ("observation_time",),
    "ob_id": ("obs_id",),
}
BLOBS = {
    "data": ("data",),
    "primary": ("datacube_header",),
    "raw_header": ("raw_exposure_header",),
    "raw_data": ("raw_exposure_data",),
    "psf_params": ("psfparams", "pampelmuse_params", "psf_params"),
    "sources": ("sources",),
    "maoppy": ("maoppy_data",),
    "catalog": ("pampelmuse_catalog",),
    "raman": ("raman_image_header",),
}
#: The role of the file that a blob that cannot be parsed stands for.
_ROLES: dict[str, Role] = {
    "data": "raw",
    "primary": "reduced",
    "raw_header": "raw",
    "raw_data": "raw",
    "psf_params": "prm",
    "sources": "psf",
    "maoppy": "prm",
    "catalog": "catalog",
    "raman": "raman",
}
#: Stands for the value of a blob that could not be parsed.
UNREADABLE: Any = object()


@dataclass
class Blob:
    """A blob: its column, text and value."""

    column: str
    text: str | None
    value: Any


@dataclass
class Parts:
    """A row as named parts.

    Parameters
    ----------
    place : str
        The row: ``import:DATABASE#table/id``.
    target : str or None
        Name of the target.
    plain : dict
        Columns that are no blobs, by the names of `PLAIN`; None where the row has none.
    columns : dict
        All columns, by their names in lower case.
    blobs : dict
        Blobs by the names of `BLOBS`; those that a generation does not have are absent.
    row_text : str
        All columns that are no known blob, and the rows of processed_exposure, as JSON.
    failed : list of ImportedBlob
        Blobs that cannot be parsed.
    issues : list of Issue
        Why, and what is odd.
    kept : dict
        Values by column that no table gives back, to be kept whole.
    """

    place: str
    target: str | None
    plain: dict[str, Any]
    columns: dict[str, Any]
    blobs: dict[str, Blob] = field(default_factory=dict)
    row_text: str = ""
    failed: list[ImportedBlob] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """Return the value of a blob; None where there is none or it cannot be parsed."""
        blob = self.blobs.get(name)
        return None if blob is None or blob.value is UNREADABLE else blob.value

    def can_be_read(self, name: str) -> bool:
        """Return whether a blob is there and has been parsed, be it null."""
        return name in self.blobs and self.blobs[name].value is not UNREADABLE

    def text(self, name: str) -> str | None:
        """Return a plain column as text, None where it is NULL or empty."""
        value = self.plain.get(name)
        return None if value is None or not str(value).strip() else str(value)

    def stand_in(self, role: Role, name: str, file_name: str, *blobs: str) -> ImportedBlob:
        """Return what stands for a file that blobs were made from."""
        text = "".join(self.blobs[b].text or "" for b in blobs if b in self.blobs)
        return self.stand_in_of(role, name, file_name, text)

    def stand_in_of(self, role: Role, name: str, file_name: str, text: str) -> ImportedBlob:
        """Return what stands for a file, by a text; without a name the row itself."""
        place = f"{self.place}/{name}" if name else self.place
        return stand_in(place, role, file_name, text)

    def row_stand_in(self) -> ImportedBlob:
        """Return what stands for the row itself; its checksum tells of every column."""
        blobs = (f"{blob.column} {_checksum(blob.text or '')}" for blob in self.blobs.values())
        whole = "\n".join([self.row_text, *blobs])
        found = self.stand_in_of("row", "", self.place.rpartition("#")[2], self.row_text)
        return replace(found, sha256=_checksum(whole))

    def keep(self, name: str, value: Any, why: str | None) -> None:
        """Keep a value whole, and tell why if that is worth an issue."""
        column = self.blobs[name].column
        self.kept[column] = value
        if why is not None:
            self.tell(column, why)

    def tell(self, column: str, why: str) -> None:
        """Tell that a value has no typed home, and is kept as text."""
        self.issues.append(
            Issue(
                "warning",
                "blob_shape",
                f"{why}: what no table holds is kept in imported_document",
                f"{self.place}/{column}",
            )
        )


def stand_in(place: str, role: Role, file_name: str, text: str) -> ImportedBlob:
    """Return what stands for a file, by the text that tells its content."""
    return ImportedBlob(
        path=Path(place),
        role=role,
        stem=file_name,
        base=Path(),
        folder=(),
        size=len(text.encode("utf-8", "surrogatepass")),
        mtime_ns=0,
        place=place,
        file_name=file_name[:255],
        sha256=_checksum(text),
    )


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_parts(row: SourceRow) -> Parts:
    """Return a row as named parts."""
    columns = row.columns
    plain = {
        name: next((columns[n] for n in names if n in columns), None)
        for name, names in PLAIN.items()
    }
    parts = Parts(row.place, row.target, plain, columns)
    known: set[str] = set()
    for name, names in BLOBS.items():
        column = next((n for n in names if n in columns), None)
        if column is None:
            continue
        known.add(column)
        parts.blobs[name] = _read_blob(parts, name, column)
    kept = {name: value for name, value in columns.items() if name not in known}
    parts.row_text = json.dumps(
        {
            "target_name": row.target,
            **{name: plain_value(value) for name, value in kept.items()},
            "processed_exposure": [
                {name: plain_value(value) for name, value in processed.items()}
                for processed in row.processed
            ],
        }
    )
    return parts


def _read_blob(parts: Parts, name: str, column: str) -> Blob:
    stored = parts.columns[column]
    text = None
    try:
        text = text_of(stored)
        if name == "catalog" and text is not None and text.lstrip().startswith("#"):
            return Blob(column, text, text)
        return Blob(column, text, decode(text, text_allowed=name == "catalog"))
    except BlobError as error:
        shown = text if text is not None else base64.b64encode(bytes(stored)).decode()
        file_name = parts.text("analysis_file" if name in ("psf_params", "sources") else "raw_file")
        failed = stand_in(f"{parts.place}/{column}", _ROLES[name], file_name or column, shown)
        parts.failed.append(failed)
        parts.issues.append(
            Issue(
                "error",
                "blob_unreadable",
                f"column {column} cannot be parsed as JSON ({error}): the rest of the exposure is "
                "imported; mend the blob there and import again, or load the exposure's files",
                failed.place,
            )
        )
        return Blob(column, shown, UNREADABLE)


def plain_value(value: Any) -> Any:
    """Return a column's value as JSON can hold it."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta | Decimal):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(bytes(value)).decode("ascii")
    return value
