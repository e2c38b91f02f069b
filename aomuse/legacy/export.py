"""The documents of AOMUSE 2020 as files: one for each analysis."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import read_transaction
from aomuse.errors import ConfigurationError, DatabaseError
from aomuse.legacy.documents import document_json
from aomuse.load import reason_of
from aomuse.models import Exposure, PsfFit
from aomuse.schema import require_head
from aomuse.whole_file import safe_name, whole_file


def export(
    engine: Engine,
    directory: Path,
    prm_files: Collection[str] = (),
    on_failure: Callable[[str], None] = lambda _: None,
) -> Iterator[Path]:
    """Write one JSON file for each analysis, or those of some parameter files; yield the paths.

    An analysis that cannot be rebuilt from its rows is named to ``on_failure``; the others go on.
    """
    require_head(engine)
    with read_transaction(engine) as connection:
        fits = _select(connection, prm_files)
        for fit, path in zip(fits, _paths(fits), strict=True):
            try:
                _write(directory, path, document_json(connection, fit.id))
            except (DBAPIError, DatabaseError, ConfigurationError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever is odd in one, the next may be well
                name = fit.archive_id or fit.exposure_id
                on_failure(f"{name}: {fit.name} cannot be written ({reason_of(error)})")
                continue
            yield directory / path


def _paths(fits: list[Any]) -> list[Path]:
    """Return where each document goes.

    AOMUSE 2020 knew one analysis of a parameter file's name. Moffat and MAOPPY analyses of one
    cube have the same, and so may those of folders by date: the first one has the plain name. The
    names come from files and old databases: none of them is a path.
    """
    taken: set[str] = set()
    paths: list[Path] = []
    for fit in fits:
        file = safe_name(fit.prm_file or f"{fit.name}.prm.fits") + ".json"
        model, exposure = safe_name(fit.model), safe_name(str(fit.archive_id or fit.exposure_id))
        folders = (Path(), Path(model), Path(exposure), Path(exposure, model))
        free = (folder / file for folder in folders if _folded(folder / file) not in taken)
        paths.append(next(free, Path(str(fit.id), file)))
        taken.add(_folded(paths[-1]))
    return paths


def _folded(path: Path) -> str:
    """Return what some file systems make of a path: M54.json and m54.json are one file there."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def _select(connection: Connection, prm_files: Collection[str]) -> list[Any]:
    columns = (PsfFit.id, PsfFit.name, PsfFit.model, PsfFit.prm_file, PsfFit.exposure_id)
    select = sa.select(*columns, Exposure.archive_id).join(Exposure)
    select = select.order_by(*PsfFit.moffat_first())
    fits = [f for f in connection.execute(select) if not prm_files or f.prm_file in prm_files]
    unknown = sorted(set(prm_files) - {fit.prm_file for fit in fits})
    if unknown:
        raise ConfigurationError(
            f"no analysis comes from a parameter file called {', '.join(unknown)}: "
            "the view v_seed_exposure lists them"
        )
    return fits


def _write(directory: Path, path: Path, content: Iterator[str]) -> None:
    """Write a file whole or not at all, and nowhere but in the directory."""
    place = directory / path
    # What cannot be rebuilt at all leaves no folder behind.
    begin = next(content)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.parent.resolve().is_relative_to(directory.resolve()):
            raise ConfigurationError(
                f"{place.parent} is a link out of {directory}: give another directory"
            )
        with whole_file(place) as stream:
            stream.write(begin)
            stream.writelines(content)
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigurationError(
            f"{place} cannot be written ({why}): give another directory"
        ) from error
