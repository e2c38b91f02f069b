"""Which files are to be compared with the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.discover import discover
from aomuse.exchange.files import IMPORT_PREFIX
from aomuse.models import Exposure, LoadIssue, SourceFile
from aomuse.paths import printable, shown
from aomuse.verify.comparison import Verified

#: Folders that each machine is asked for.
_FEW = 16


@dataclass(frozen=True)
class Chosen:
    """Loaded files of an exposure, each with the path that it was loaded from and where it is."""

    exposure_id: int
    files: tuple[tuple[str, str], ...]


def choose(connection: Connection, roots: Sequence[Path]) -> tuple[list[Chosen], list[Verified]]:
    """Return the files to compare, and why others cannot be."""
    rows = connection.execute(
        sa.select(
            *(SourceFile.exposure_id, SourceFile.path, SourceFile.role, SourceFile.name),
            *(SourceFile.outcome, Exposure.archive_id),
        )
        .join(Exposure)
        .order_by(SourceFile.exposure_id, SourceFile.id)
    ).all()
    errors = {
        path: f"the file could not be loaded: {message}"
        for path, message in connection.execute(
            sa.select(LoadIssue.path, LoadIssue.message).where(
                LoadIssue.closed_run_id.is_(None), LoadIssue.severity == "error"
            )
        )
    }
    wanted: dict[int, list[tuple[str, str]]] = {}
    missing: list[Verified] = []

    def miss(path: str) -> None:
        why = "the file is not in the database: run aomuse load"
        missing.append(Verified(path, 0, (errors.get(shown(printable(path)), why),)))

    if not roots:
        for row in rows:
            if row.path.startswith(IMPORT_PREFIX):
                continue
            if row.outcome == "loaded":
                wanted.setdefault(row.exposure_id, []).append((row.path, row.path))
            else:
                miss(row.path)
        return _by_exposure(wanted), missing
    by_path = {row.path: row for row in rows}
    by_name = {(row.archive_id, row.role, row.name): row for row in rows}
    discovery = discover(roots)
    missing += [
        Verified(i.path, 0, (i.message,))
        for i in discovery.issues
        if i.severity == "error" and i.path
    ]
    for exposure in discovery.exposures:
        for file in exposure.files:
            key = exposure.archive_id, file.role, file.name
            found = by_path.get(str(file)) or by_name.get(key)
            if found is None or found.outcome != "loaded":
                miss(str(file))
            else:
                wanted.setdefault(found.exposure_id, []).append((found.path, str(file)))
    return _by_exposure(wanted), missing


def _by_exposure(wanted: dict[int, list[tuple[str, str]]]) -> list[Chosen]:
    return [Chosen(exposure_id, tuple(files)) for exposure_id, files in wanted.items()]


def folders_of(chosen: Iterable[Chosen]) -> tuple[str, ...]:
    """Return the folders that hold the files, or if these are many, folders above them."""
    folders = {Path(path).parent for exposure in chosen for _, path in exposure.files}
    while len(folders) > _FEW:
        depth = max(len(folder.parts) for folder in folders)
        folders = {f.parent if len(f.parts) == depth else f for f in folders}
    return tuple(sorted(map(str, folders)))
