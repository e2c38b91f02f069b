"""Writing the report: its packages, its place, and the complete file or none."""

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
    """Write a file under another name and rename it, so that nobody sees half of it."""
    try:
        _refuse(path)
        place = path.resolve()
        partial = place.with_name(f".{place.name}.{os.getpid()}.part")
        with partial.open("x", encoding="utf-8") as file:
            try:
                yield file
                file.close()
                partial.replace(place)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


def _refuse(path: Path) -> None:
    """Refuse a place that has something other than a file, which would be replaced."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise ConfigurationError(f"{path} is a folder: name a file in it, such as report.html")
    if not stat.S_ISREG(mode):
        raise ConfigurationError(f"{path} is not a file: name one, such as report.html")
