"""Writing the report: its packages, its place, and the complete file or none."""

from __future__ import annotations

import stat
from importlib import import_module
from pathlib import Path

from sqlalchemy import Engine

from aomuse.errors import ConfigurationError
from aomuse.schema import require_head
from aomuse.whole_file import whole_file

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
    try:
        _refuse(path)
        with whole_file(path) as file:
            from aomuse.report.page import make_page

            text, exposures = make_page(engine)
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
    return exposures


def _refuse(path: Path) -> None:
    """Refuse a place that has something other than a file, which would be replaced."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise ConfigurationError(f"{path} is a folder: name a file in it, such as report.html")
    if stat.S_ISLNK(mode):
        raise ConfigurationError(f"{path} is a link: name the file that it points to")
    if not stat.S_ISREG(mode):
        raise ConfigurationError(f"{path} is not a file: name one, such as report.html")
