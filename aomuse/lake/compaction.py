"""Merge the files of a night, so that engines open fewer; take a merged night apart for news."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from aomuse.lake.files import ROW_GROUP_ROWS, LakeFile, write_file
from aomuse.lake.layout import BY_EXPOSURE, MERGED, schema
from aomuse.lake.manifest import Manifest


def compact(root: Path, manifest: Manifest) -> int:
    """Merge the files of each night and table that has several, and return how many are gone."""
    files: dict[tuple[str, str], list[LakeFile]] = defaultdict(list)
    for file in manifest.files.values():
        if file.table in BY_EXPOSURE:
            files[PurePosixPath(file.path).parent.name, file.table].append(file)
    nights = {night for (night, _), several in files.items() if len(several) > 1}
    count = 0
    for (night, table), parts in files.items():
        if night not in nights:
            continue
        count += len(parts) - 1
        path = PurePosixPath(table, night, f"{MERGED}.parquet")
        ordered = sorted(parts, key=lambda part: (part.exposure_id is not None, part.path))
        merged = write_file(root, path, schema(table), _rows(root, ordered))
        assert merged is not None
        for part in parts:
            del manifest.files[part.path]
            if part.path != merged.path:
                (root / part.path).unlink()
        manifest.files[merged.path] = merged
    for key in manifest.exposures.values():
        if key[-2] in nights:
            key[-1] = MERGED
    return count


def _rows(root: Path, parts: Iterable[LakeFile]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of files one after the other; small ones share a row group."""
    waiting: list[pa.RecordBatch] = []
    for part in parts:
        with pq.ParquetFile(root / part.path) as file:
            for batch in file.iter_batches(ROW_GROUP_ROWS):
                waiting.append(batch)
                if sum(each.num_rows for each in waiting) >= ROW_GROUP_ROWS:
                    yield from _joined(waiting)
                    waiting = []
    if waiting:
        yield from _joined(waiting)


def _joined(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    batches_: list[pa.RecordBatch] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return batches_


def exposures_of(manifest: Manifest, night: str) -> list[int]:
    """Return the exposures whose rows are in the merged files of a night."""
    return [number for number, key in manifest.exposures.items() if key[-2:] == [night, MERGED]]


def take_apart(root: Path, manifest: Manifest, nights: Iterable[str]) -> None:
    """Forget merged nights, so that their exposures are written again, a file each."""
    apart = set(nights)
    for night in apart:
        for number in exposures_of(manifest, night):
            del manifest.exposures[number]
    for file in list(manifest.files.values()):
        path = PurePosixPath(file.path)
        if file.table in BY_EXPOSURE and path.stem == MERGED and path.parent.name in apart:
            del manifest.files[file.path]
            (root / file.path).unlink(missing_ok=True)


def recover(root: Path, manifest: Manifest) -> None:
    """After an export that was killed: forget what is not there, remove what nothing refers to."""
    there = {path.relative_to(root).as_posix() for path in root.glob("*/night=*/*.parquet")}
    for path in there - manifest.files.keys():
        (root / path).unlink()
    nights = set()
    for path, file in list(manifest.files.items()):
        if file.table not in BY_EXPOSURE or path in there:
            continue
        if file.exposure_id is None:
            nights.add(PurePosixPath(path).parent.name)
        else:
            manifest.exposures.pop(file.exposure_id, None)
    take_apart(root, manifest, nights)
