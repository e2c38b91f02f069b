"""Parts of what the database knows: files below a folder, exposures that files may belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Row, Select

from aomuse.exchange.files import ExposureFiles, ImportedBlob, Role
from aomuse.models import Exposure, SourceFile

_CHUNK = 500
_ENDS = (".fits", ".fits.fz")
_ROLES = get_args(Role)


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    """Yield values in pieces that a statement takes."""
    left = iter(values)
    while some := list(islice(left, _CHUNK)):
        yield some


def below(column: Any, roots: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a path is below one of some folders."""
    # 0 comes after the slash.
    folders = [root.rstrip("/") for root in roots]
    ranges = (sa.and_(column >= f"{folder}/", column < f"{folder}0") for folder in folders)
    return sa.or_(sa.false(), *ranges)


def selected(
    connection: Connection,
    select: Select[*tuple[Any, ...]],
    column: Any,
    values: Collection[Any] | None,
) -> Iterator[Row[Any]]:
    """Yield the rows in which a column has one of some values, or all rows."""
    if values is None:
        yield from connection.execute(select)
        return
    for some in chunks(values):
        yield from connection.execute(select.where(column.in_(some)))


def exposures_below(connection: Connection, roots: Sequence[str]) -> set[int]:
    """Return the exposures with files below some folders, and those without an archive name.

    The names of their files decide what these belong to, wherever they are.
    """
    files = sa.select(SourceFile.exposure_id).where(below(SourceFile.path, roots)).distinct()
    return {*connection.scalars(files), *unnamed_exposures(connection)}


def unnamed_exposures(connection: Connection) -> set[int]:
    """Return the exposures without an archive name."""
    return set(connection.scalars(sa.select(Exposure.id).where(Exposure.archive_id.is_(None))))


def exposures_of(connection: Connection, exposures: Sequence[ExposureFiles]) -> set[int]:
    """Return the exposures that may be these: by archive name, and by path and name of files."""
    paths = {
        str(file)
        for files in exposures
        for file in files.files
        if not isinstance(file, ImportedBlob)
    }
    files = sa.select(SourceFile.exposure_id).join(Exposure, Exposure.id == SourceFile.exposure_id)
    unnamed = files.where(Exposure.archive_id.is_(None), SourceFile.role.in_(_ROLES))
    named = [each for each in exposures if each.archive_id is not None]
    names = {file.name for each in named for file in each.files}
    # An analysis that was loaded before its cube had no exposure to belong to.
    stems = {cube.stem for each in named for cube in each.reduced}
    names |= {f"{stem}.{role}{end}" for stem in stems for role in ("prm", "psf") for end in _ENDS}
    return {
        *exposures_named(connection, exposures),
        *_ids(connection, sa.select(SourceFile.exposure_id), SourceFile.path, paths),
        *_ids(connection, unnamed, SourceFile.name, names),
    }


def exposures_named(connection: Connection, exposures: Sequence[ExposureFiles]) -> set[int]:
    """Return the exposures that may be these by archive name, or by the name of their cube."""
    names = {each.archive_id for each in exposures} - {None}
    fits = [fit for each in exposures if each.archive_id is None for fit in each.fits]
    cubes = sa.select(SourceFile.exposure_id).where(SourceFile.role == "reduced")
    of_fits = {f"{fit.name}{end}" for fit in fits for end in _ENDS}
    return {
        *_ids(connection, sa.select(Exposure.id), Exposure.archive_id, names),
        *_ids(connection, cubes, SourceFile.name, of_fits),
    }


def _ids(
    connection: Connection, select: Select[*tuple[Any, ...]], column: Any, values: Collection[Any]
) -> Iterator[int]:
    return (row[0] for row in selected(connection, select, column, values))
