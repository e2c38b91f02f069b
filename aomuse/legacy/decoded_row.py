"""Step two of an import: the row's documents, decoded, under the same names in every generation."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from aomuse.exchange.content import FileContent, HduContent
from aomuse.exchange.files import ImportedBlob, Role
from aomuse.exchange.issue import Issue
from aomuse.exchange.night_log import NightLog
from aomuse.legacy.decode import BlobError, decode, text_of
from aomuse.legacy.source import SourceRow

#: The names of a plain column in the generations, in lower case.
PLAIN_COLUMNS = {
    "instrument_mode": ("insmode", "instrument_mode"),
    "prm_file": ("analysisfile", "prm_filename"),
    "raw_file": ("rawfile", "raw_exposure_filename", "raw_filename"),
    "start": ("observation_time",),
    "ob_id": ("obs_id",),
}
#: The same for a document, after the role of the file that it was made from.
DOCUMENT_COLUMNS: dict[str, tuple[Role, tuple[str, ...]]] = {
    "data": ("raw", ("data",)),
    "primary": ("reduced", ("datacube_header",)),
    "raw_header": ("raw", ("raw_exposure_header",)),
    "raw_data": ("raw", ("raw_exposure_data",)),
    "psf_params": ("prm", ("psfparams", "pampelmuse_params", "psf_params")),
    "sources": ("psf", ("sources",)),
    "maoppy": ("prm", ("maoppy_data",)),
    "catalog": ("catalog", ("pampelmuse_catalog",)),
    "raman": ("raman", ("raman_image_header",)),
}
_UNREADABLE: Any = object()


class Document(NamedTuple):
    """A document: the column it is in, its text, and its value."""

    column: str
    text: str | None
    value: Any

    @property
    def is_readable(self) -> bool:
        """Whether it could be parsed; null is a value too."""
        return self.value is not _UNREADABLE


@dataclass
class DecodedRow:
    """A row with its documents decoded, and the problems found so far."""

    #: ``import:DATABASE#table/id``.
    place: str
    target: str | None
    #: All columns, by their names in lower case.
    columns: dict[str, Any]
    #: By the names of `DOCUMENT_COLUMNS`; those of other generations are absent.
    documents: dict[str, Document] = field(default_factory=dict)
    #: All other columns, and the rows of processed_exposure, as JSON.
    other_columns: str = ""
    unreadable: list[ImportedBlob] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    #: Values by column that no table can hold.
    kept_whole: dict[str, Any] = field(default_factory=dict)
    #: Bytes and checksums of texts: a document of 40 MB is asked for more than once.
    _sums: dict[str, tuple[int, str]] = field(default_factory=dict, repr=False)

    def plain(self, name: str) -> Any:
        """Return a plain column's value, None where it is NULL or absent."""
        return plain_column(self.columns, name)

    def text(self, name: str) -> str | None:
        """Return a plain column as text, None where it is NULL or blank."""
        value = self.plain(name)
        return None if value is None or not str(value).strip() else str(value)

    def value(self, name: str) -> Any:
        """Return a document's value; None where it is absent or cannot be parsed."""
        return self.documents[name].value if self.is_readable(name) else None

    def is_readable(self, name: str) -> bool:
        """Return whether a document exists and could be parsed."""
        return name in self.documents and self.documents[name].is_readable

    def column(self, name: str) -> str:
        """Return the column that a document is in."""
        return self.documents[name].column if name in self.documents else name

    def raw_text(self, *names: str) -> str:
        """Return the text of documents, one after the other."""
        return "".join(self.documents[n].text or "" for n in names if n in self.documents)

    def file(
        self,
        role: Role,
        place: str,
        name: str,
        text: str,
        *hdus: HduContent,
        night_log: NightLog | None = None,
    ) -> FileContent:
        """Return the file that a text of this row stands for, as if it had been read."""
        blob = self.blob(f"{self.place}/{place}", role, name, text)
        return FileContent(blob, blob.size, None, blob.sha256, hdus, night_log=night_log)

    def row_file(self) -> ImportedBlob:
        """Return the file that stands for the row; its checksum covers every column."""
        checksums = (f"{d.column} {self._sum(d.text or '')[1]}" for d in self.documents.values())
        whole = "\n".join([self.other_columns, *checksums])
        blob = self.blob(self.place, "row", self.place.rpartition("#")[2], self.other_columns)
        return replace(blob, sha256=self._sum(whole)[1])

    def blob(self, place: str, role: Role, file_name: str, text: str) -> ImportedBlob:
        """Return the file that a text stands for."""
        size, checksum = self._sum(text)
        return ImportedBlob(
            path=Path(place),
            role=role,
            stem=file_name,
            base=Path(),
            folder=(),
            size=size,
            mtime_ns=0,
            place=place,
            file_name=file_name[:255],
            sha256=checksum,
        )

    def _sum(self, text: str) -> tuple[int, str]:
        if text not in self._sums:
            content = text.encode("utf-8", "surrogatepass")
            self._sums[text] = len(content), hashlib.sha256(content).hexdigest()
        return self._sums[text]

    def keep_whole(self, name: str, why: str | None = None) -> None:
        """Keep a document as text; report ``why`` as an issue."""
        column = self.column(name)
        self.kept_whole[column] = self.value(name)
        if why is not None:
            self.report_shape(column, why)

    def report_shape(self, column: str, why: str) -> None:
        """Report that a value has a shape that no table can hold."""
        message = f"{why}: what no table holds is kept in imported_document"
        self.issues.append(Issue("warning", "blob_shape", message, f"{self.place}/{column}"))


def plain_column(columns: Mapping[str, Any], name: str) -> Any:
    """Return a plain column's value in any generation, None where it is NULL or absent."""
    return next((columns[n] for n in PLAIN_COLUMNS[name] if n in columns), None)


def decode_row(row: SourceRow) -> DecodedRow:
    """Return a row with its documents decoded."""
    decoded = DecodedRow(row.place, row.target, row.columns)
    for name, (_, names) in DOCUMENT_COLUMNS.items():
        column = next((n for n in names if n in row.columns), None)
        if column is not None:
            decoded.documents[name] = _decode(decoded, name, column)
    known = {document.column for document in decoded.documents.values()}
    others = {name: value for name, value in row.columns.items() if name not in known}
    content = {"target_name": row.target, **others, "processed_exposure": row.processed}
    decoded.other_columns = json.dumps(content, default=_as_json)
    return decoded


def _decode(row: DecodedRow, name: str, column: str) -> Document:
    stored = row.columns[column]
    text = None
    try:
        text = text_of(stored)
        if name == "catalog" and text is not None and text.lstrip().startswith("#"):
            return Document(column, text, text)
        return Document(column, text, decode(text, text_allowed=name == "catalog"))
    except BlobError as error:
        if text is None:
            text = base64.b64encode(bytes(stored)).decode()
        role = DOCUMENT_COLUMNS[name][0]
        file_name = row.text("prm_file" if name in ("psf_params", "sources") else "raw_file")
        blob = row.blob(f"{row.place}/{column}", role, file_name or column, text)
        row.unreadable.append(blob)
        message = (
            f"column {column} cannot be parsed as JSON ({error}); the rest of the exposure is "
            "imported: fix the blob there and import again, or load the exposure's files"
        )
        row.issues.append(Issue("error", "blob_unreadable", message, blob.place))
        return Document(column, text, _UNREADABLE)


def _as_json(value: Any) -> str:
    """Return a value of a driver that JSON has no type for."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(bytes(value)).decode("ascii")
    return str(value)
