"""Writing the report: its packages, its place, and the file as a whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TextIO

from sqlalchemy import Engine

from aomuse.errors import ConfigurationError
from aomuse.schema import require_head

#: Modules of the extra ``report``, and the packages that bring them.
PACKAGES = {"jinja2": "jinja2", "vl_convert": "vl-convert-python", "altair": "altair"}


def write_report(engine: Engine, path: Path) -> int:
    """Write the report into one file that needs nothing else.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        A database at the head revision.
    path : pathlib.Path
        Where to; a file that is there is replaced when the new one is complete.

    Returns
    -------
    int
        Exposures that the report is about.

    Raises
    ------
    ConfigurationError
        If the extra is not installed, or the file cannot be written.
    aomuse.errors.SchemaError
        If the database is not at the head revision.
    """
    for module, package in PACKAGES.items():
        try:
            import_module(module)
        except ImportError as error:
            raise ConfigurationError(
                f"{package} is not installed: pip install 'aomuse[report]'"
            ) from error
    require_head(engine)
    with replacing(path) as file:
        from aomuse.report.page import make_page

        text, exposures = make_page(engine)
        file.write(text)
    return exposures


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Write a file beside its place and move it there, so that nobody sees a part of it."""
    try:
        _refuse(path)
        place = path.resolve()
        beside = place.with_name(f".{place.name}.{os.getpid()}.part")
        with beside.open("x", encoding="utf-8") as file:
            try:
                yield file
                file.close()
                beside.replace(place)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


def _refuse(path: Path) -> None:
    """Refuse what is there and is no file: it would be replaced by one."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise ConfigurationError(f"{path} is a folder: name a file in it, such as report.html")
    if not stat.S_ISREG(mode):
        raise ConfigurationError(f"{path} is not a file: name one, such as report.html")
