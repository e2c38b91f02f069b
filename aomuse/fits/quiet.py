"""astropy without its warnings, and its errors as ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from astropy.utils.exceptions import AstropyWarning

from aomuse.errors import FileError


@contextmanager
def quiet_astropy() -> Iterator[None]:
    """Keep astropy's warnings off the terminal: issues report what matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        yield


def damaged(
    path: str,
    error: Exception,
    extension: str | None = None,
    *,
    advice: str = "get the file again; if that copy is the same, the file was written against the "
    "FITS standard",
) -> FileError:
    """Return the error for a file that astropy cannot read."""
    why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    problem = f"astropy cannot read it ({why}): {advice}"
    return FileError("damaged", path, problem, extension)
