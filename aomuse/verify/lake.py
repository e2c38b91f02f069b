"""Compare a lake with the database: checksums, then every value by its bits.

Only the manifest and the places of files are the exporter's: rows are asked for and compared here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Inspector

from aomuse.db import read_transaction
from aomuse.errors import ConfigurationError
from aomuse.exchange.outcome import counted
from aomuse.lake.compaction import exposures_of
from aomuse.lake.files import LakeFile, checksum
from aomuse.lake.layout import BY_EXPOSURE
from aomuse.lake.manifest import Manifest, read_manifest
from aomuse.schema import require_head
from aomuse.verify.comparison import Verified

_AGAIN = "export again"

#: How a table is joined with the exposure that its rows belong to, by the column that leads there.
_OWNERS = {
    "exposure_id": "",
    "psf_fit_id": "JOIN psf_fit AS owner ON owner.id = t.psf_fit_id",
    "header_id": "JOIN header AS owner ON owner.id = t.header_id",
}


def verify_lake(engine: Engine, root: Path) -> Iterator[Verified]:
    """Compare each file of a lake with the database, and yield what was found."""
    revision = require_head(engine)
    manifest = read_manifest(root)
    if manifest is None:
        raise ConfigurationError(
            f"{root} is not a lake: make one with aomuse export parquet {root}"
        )
    with read_transaction(engine) as connection:
        if manifest.state is None:
            yield Verified(str(root), 0, (f"the last export did not end: {_AGAIN}",))
        if manifest.revision != revision:
            why = f"its schema is at revision {manifest.revision}, the database's at {revision}"
            yield Verified(str(root), 0, (f"{why}: {_AGAIN}",))
        yield from _gaps(connection, manifest)
        inspector = sa.inspect(connection)  # remembers the columns of each table
        for file in manifest.files.values():
            differences = list(_damage(root / file.path, file))
            values = 0
            if not differences:
                values, differences = _compare(inspector, root / file.path, file, manifest)
            yield Verified(file.path, values, tuple(differences))
    for path in sorted(root.rglob("*.parquet")):
        name = path.relative_to(root).as_posix()
        if name not in manifest.files:
            yield Verified(name, 0, ("it does not belong to the lake: remove it",))


def _gaps(connection: Connection, manifest: Manifest) -> Iterator[Verified]:
    """Yield the exposures that the lake has not got, or that have changed since."""
    rows = connection.execute(
        sa.text("SELECT id, archive_id, content_version FROM exposure ORDER BY id")
    )
    for exposure_id, archive_id, version in rows:
        key = manifest.exposures.get(exposure_id)
        if key is None or key[0] != version:
            why = "is not in the lake" if key is None else "has changed since the export"
            yield Verified(archive_id or f"exposure {exposure_id}", 0, (f"{why}: {_AGAIN}",))


def _damage(place: Path, file: LakeFile) -> Iterator[str]:
    if not place.is_file():
        yield f"the file is missing: {_AGAIN} with --rewrite"
    elif place.stat().st_size != file.bytes or checksum(place) != file.sha256:
        yield f"the file is not the one that was written (SHA-256): {_AGAIN} with --rewrite"


def _compare(
    inspector: Inspector, place: Path, file: LakeFile, manifest: Manifest
) -> tuple[int, list[str]]:
    """Return how many values were compared, and the columns that differ."""
    with pq.ParquetFile(place) as parquet:
        table = parquet.read()
    if file.exposure_id is not None or file.table not in BY_EXPOSURE:
        return _compare_rows(inspector, table, file)
    values, differences = 0, []
    for number in exposures_of(manifest, place.parent.name):
        rows = table.filter(pc.equal(table["exposure_id"], number))
        more, wrong = _compare_rows(inspector, rows, file._replace(exposure_id=number))
        values += more
        differences += [f"exposure {number}: {difference}" for difference in wrong]
    return values, differences


def _compare_rows(inspector: Inspector, table: pa.Table, file: LakeFile) -> tuple[int, list[str]]:
    """Return the same of the rows of one exposure, or of a table that has one file."""
    names = [str(name) for name in table.column_names]
    stored = _stored(inspector, file, names)
    if len(stored) != table.num_rows:
        return 0, [f"{counted(table.num_rows, 'row')}, the database has {len(stored):,}: {_AGAIN}"]
    columns = list(zip(*stored, strict=True)) if stored else [()] * len(names)
    differences = [
        f"column {name} differs: {_AGAIN} with --rewrite"
        for name, column, values in zip(names, table.columns, columns, strict=True)
        if not _same(column, values)
    ]
    return table.num_rows * len(names), differences


def _stored(inspector: Inspector, file: LakeFile, names: list[str]) -> list[Any]:
    """Return the rows that the file should have, in the order of the table's key."""
    own = {column["name"] for column in inspector.get_columns(file.table)}
    key = inspector.get_pk_constraint(file.table)["constrained_columns"]
    owner = next((column for column in _OWNERS if column in own), None)
    join = _OWNERS[owner] if owner else ""
    exposure = "t.exposure_id" if owner == "exposure_id" else "owner.exposure_id"
    if "archive_id" in names and "archive_id" not in own:
        join += f" LEFT JOIN exposure AS e ON e.id = {exposure}"
    where = {"exposure_id": exposure, "archive_id": "e.archive_id"}
    shown = ", ".join(f"t.{name}" if name in own else where[name] for name in names)
    condition = "" if file.exposure_id is None else f"WHERE {exposure} = {file.exposure_id}"
    order = ", ".join(f"t.{name}" for name in key)
    select = f"SELECT {shown} FROM {file.table} AS t {join} {condition} ORDER BY {order}"  # noqa: S608 - our own names
    assert isinstance(inspector.bind, Connection)
    return list(inspector.bind.exec_driver_sql(select))


def _same(column: pa.ChunkedArray, values: tuple[Any, ...]) -> bool:
    """Return whether a column has the same values, doubles to the bit."""
    if pa.types.is_floating(column.type):
        nulls = np.array([value is None for value in values], dtype=bool)
        found = column.to_numpy()
        if column.null_count != nulls.sum() or not np.isnan(found[nulls]).all():
            return False
        wanted = np.array(values, dtype=np.float64)
        return bool((wanted[~nulls].view(np.int64) == found[~nulls].view(np.int64)).all())
    if pa.types.is_timestamp(column.type):
        return [_moment(value) for value in values] == [_moment(v) for v in column.to_pylist()]
    return bool(list(values) == column.to_pylist())


def _moment(value: Any) -> dt.datetime | None:
    """Return a time; SQLite has it as text."""
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value
