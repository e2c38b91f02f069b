"""astropy without its warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from astropy.utils.exceptions import AstropyWarning


@contextmanager
def quiet_astropy() -> Iterator[None]:
    """Keep astropy's warnings off the terminal: issues report what matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyWarning)
        yield
