"""Write the FITS files that were loaded, from the database alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import read_transaction
from aomuse.errors import AomuseError, ConfigurationError, DatabaseError, RebuildError
from aomuse.exchange.files import IMPORT_PREFIX, TEXT_ROLES
from aomuse.export.hdus import HduSum, HduWriter, differences, write_hdus
from aomuse.export.places import relative_places, require_free
from aomuse.export.unsaid import Convention, other_conventions
from aomuse.load import reason_of
from aomuse.models import Exposure, LoadRun, SourceFile
from aomuse.paths import printable
from aomuse.schema import require_head
from aomuse.stored.exposure import StoredExposure
from aomuse.suggest import unknown
from aomuse.whole_file import whole_file

#: What stands beside the files, for whoever finds them later.
NOTE = "aomuse-export.txt"
_NOTE_TEXT = """\
aomuse export fits wrote the FITS files in this folder from a database.
Headers and tables are those of the files that were loaded. Pixels of images are not in the
database: in their place are zeros, which are not data. Where the file system allows it these zeros
take no room; copy them with cp --sparse=always, rsync --sparse or tar --sparse.
"""


@dataclass(frozen=True)
class Written:
    """What came of one file; ``problem`` says what of it could not come back exactly.

    ``changed`` names cards whose value in the database is not the one in the header that was
    loaded, and written.
    """

    path: str
    hdus: int = 0
    tables: int = 0
    images: int = 0
    changed: tuple[str, ...] = ()
    problem: str | None = None


@dataclass
class Exported:
    """What came of an export: the files, and how many were left out because they are not FITS."""

    files: list[Written] = field(default_factory=list)
    not_fits: Counter[str] = field(default_factory=Counter)


def export(
    engine: Engine,
    directory: Path,
    exposures: Collection[str] = (),
    *,
    overwrite: bool = False,
    on_total: Callable[[int], None] = lambda _: None,
    on_file: Callable[[Written], None] = lambda _: None,
) -> Exported:
    """Write the loaded FITS files: headers to the byte, tables to the bit, no pixels.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    directory : pathlib.Path
        Folder for the files, which get the places that they had below the root of the load.
    exposures : collection of str, optional
        Only the files of these exposures, by ``archive_id``.
    overwrite : bool, optional
        Replace files that are there; never the files that were loaded.
    on_total, on_file : callable, optional
        Called with the number of files, and with what came of each.

    Returns
    -------
    Exported
        What came of each file.

    Raises
    ------
    ConfigurationError
        If an exposure is unknown, a file exists, or the folder cannot be written.
    """
    require_head(engine)
    exported = Exported()
    with read_transaction(engine) as connection:
        rows = _select(connection, exposures)
        wanted = []
        for row in rows:
            kind = _not_fits(row)
            if kind:
                exported.not_fits[kind] += 1
            else:
                wanted.append(row)
        places = relative_places({row.path: row.root.split("\n") for row in wanted})
        require_free(directory, places, overwrite=overwrite)
        on_total(len(wanted))
        if wanted:
            _write_note(directory)
        stored = None
        for row in wanted:
            if stored is None or stored.id != row.exposure_id:
                stored = StoredExposure(connection, row.exposure_id)
            written = _export_file(stored, row, directory, places[row.path])
            exported.files.append(written)
            on_file(written)
    return exported


def _select(connection: Connection, exposures: Collection[str]) -> list[Any]:
    select = (
        sa.select(*SourceFile.__table__.columns, Exposure.archive_id, LoadRun.root)
        .join(Exposure, Exposure.id == SourceFile.exposure_id)
        .join(LoadRun, LoadRun.id == SourceFile.load_run_id)
        .order_by(SourceFile.exposure_id, SourceFile.id)
    )
    rows = list(connection.execute(select))
    known = {row.archive_id for row in rows} - {None}
    for name in exposures:
        if name not in known:
            hint = "aomuse status and v_exposure list them"
            raise ConfigurationError(unknown("no exposure is called", name, known, hint))
    return [row for row in rows if not exposures or row.archive_id in exposures]


def _not_fits(row: Any) -> str | None:
    """Return what a file is that is not FITS."""
    if row.path.startswith(IMPORT_PREFIX):
        return "imported document"
    return str(row.role).replace("_", " ") if row.role in TEXT_ROLES else None


def _write_note(directory: Path) -> None:
    place = directory / NOTE
    if place.exists():
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with whole_file(place) as stream:
            stream.write(_NOTE_TEXT)
    except OSError as error:
        raise _not_writable(place, error) from error


def _export_file(stored: StoredExposure, row: Any, directory: Path, place: Path) -> Written:
    """Write one file; whatever is odd in its rows, the next one may be well."""
    name = printable(place)
    if row.outcome != "loaded":
        why = "the file could not be loaded: aomuse status --issues says why"
        return Written(name, problem=why)
    try:
        found, problem = _write(stored, row, directory, place)
    except (DBAPIError, DatabaseError, ConfigurationError):
        raise
    except OSError as error:
        raise _not_writable(directory / place, error) from error
    except Exception as error:  # noqa: BLE001 - one file does not stop the others
        why = str(error) if isinstance(error, AomuseError) else reason_of(error)
        return Written(name, problem=f"not written: {why}")
    changed = tuple(found.changed)
    return Written(name, found.hdus, found.tables, found.images, changed, problem)


def _not_writable(place: Path, error: OSError) -> ConfigurationError:
    why = error.strerror or str(error)
    return ConfigurationError(f"{place} cannot be written ({why}): give another folder")


def _write(
    stored: StoredExposure, row: Any, directory: Path, place: Path
) -> tuple[HduSum, str | None]:
    """Write a file whole or not at all; return what is in it, and how it differs."""
    target = directory / place
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.parent.resolve().is_relative_to(directory.resolve()):
        raise ConfigurationError(f"{target.parent} is a link out of {directory}: remove the link")
    with whole_file(target, is_text=False) as stream:

        def attempt(convention: Convention) -> tuple[HduSum, int, bool]:
            stream.seek(0)
            stream.truncate()
            writer = HduWriter(stream, row.size_bytes)
            found = write_hdus(writer, stored, row.id, convention)
            return found, writer.position, writer.end() == row.sha256

        found, size, is_same = attempt(Convention())
        if not found.hdus:
            raise RebuildError("it has no HDUs in the database: load it again with --reload")
        # With data that are not kept, no convention has the checksum.
        if not (is_same or found.lost):
            for convention in other_conventions(found.traits):
                found, size, is_same = attempt(convention)
                if is_same:
                    break
            else:
                found, size, is_same = attempt(Convention())
    problems = [] if is_same else list(found.lost)
    if row.size_bytes > size:
        problems.append(f"the {row.size_bytes - size:,} bytes behind its last HDU are not kept")
    if not is_same and (found.wrong or not found.lost):
        problems.append(
            f"all values are there, but not every byte is as it was loaded: {differences(found)}"
        )
    return found, "; ".join(problems) or None
