"""Parquet files of a lake: written whole, with a checksum."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from aomuse.errors import AomuseError
from aomuse.whole_file import NoNewsError, whole_file

#: Rows of a row group: what DuckDB gives to a thread at once.
ROW_GROUP_ROWS = 122_880
_LEVEL = 3


class LakeFile(NamedTuple):
    """A file of a lake, as its manifest knows it."""

    table: str
    path: str
    rows: int
    bytes: int
    sha256: str
    exposure_id: int | None = None


class _Hashed:
    """A file that is written once, from front to back, and knows its checksum."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        content = memoryview(data)
        self.digest.update(content)
        self.size += content.nbytes
        self._file.write(content)
        return content.nbytes

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Leave it to the end."""

    def close(self) -> None:
        self.closed = True


def write_file(
    root: Path,
    path: PurePosixPath,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    exposure_id: int | None = None,
    known: LakeFile | None = None,
) -> LakeFile | None:
    """Write a file in place of the one that is there, and return it.

    A file that is `known` and would be the same stays untouched. An exposure without rows in a
    table has no file there, and the result is None.
    """
    batches = iter(batches)
    first = next(batches, None)
    if first is None and exposure_id is not None:
        return None
    batches = batches if first is None else itertools.chain([first], batches)
    place = root / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(place, is_text=False) as file:
            hashed = _Hashed(file)
            rows = _write(hashed, schema, batches)
            file.flush()
            os.fsync(file.fileno())
            # Whoever may read the lake's folder may read its files.
            os.fchmod(file.fileno(), root.stat().st_mode & 0o666)
            written = LakeFile(
                *(path.parts[0], str(path), rows, hashed.size, hashed.digest.hexdigest()),
                exposure_id,
            )
            if written == known and place.exists():
                raise NoNewsError
    except OSError as error:
        raise AomuseError(f"{place} cannot be written: {error.strerror or error}") from error
    return written


def _write(file: _Hashed, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    doubles = [field.name for field in schema if pa.types.is_floating(field.type)]
    others = [field.name for field in schema if not pa.types.is_floating(field.type)]
    rows = 0
    with pq.ParquetWriter(
        pa.PythonFile(file, mode="w"),
        schema,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=others,
        use_byte_stream_split=doubles,
    ) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=ROW_GROUP_ROWS)
            rows += batch.num_rows
    return rows


def checksum(place: Path) -> str:
    """Return the SHA-256 of a file."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
