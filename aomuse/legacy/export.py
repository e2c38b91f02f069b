"""The documents of AOMUSE 2020 as files: one for each analysis."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.db import read_transaction
from aomuse.errors import ConfigurationError
from aomuse.legacy.documents import document
from aomuse.models import Exposure, PsfFit
from aomuse.schema import require_head


def export(engine: Engine, directory: Path, prm_files: Collection[str] = ()) -> Iterator[Path]:
    """Write one JSON file for each analysis, or those of some parameter files; yield the paths."""
    require_head(engine)
    with read_transaction(engine) as connection:
        fits = _select(connection, prm_files)
        for fit, path in zip(fits, _paths(fits), strict=True):
            _write(directory / path, document(connection, fit.id))
            yield directory / path


def _paths(fits: list[Any]) -> list[Path]:
    """Return where each document goes.

    AOMUSE 2020 knew one analysis of a parameter file's name. Moffat and MAOPPY analyses of one
    cube have the same, and so may those of folders by date: the first one has the plain name.
    """
    taken: set[Path] = set()
    paths: list[Path] = []
    for fit in fits:
        file = f"{fit.prm_file or f'{fit.name}.prm.fits'}.json"
        exposure = str(fit.archive_id or fit.exposure_id)
        folders = (Path(), Path(fit.model), Path(exposure), Path(exposure, fit.model))
        free = (folder / file for folder in folders if folder / file not in taken)
        paths.append(next(free, Path(str(fit.id), file)))
        taken.add(paths[-1])
    return paths


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


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("w", encoding="utf-8") as stream:
                json.dump(content, stream)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigurationError(
            f"{path} cannot be written ({why}): give another directory"
        ) from error
