"""Stage two: files become cards and columns. No database here."""

from aomuse.read.exposure import read_exposure
from aomuse.read.fits_file import read_fits

__all__ = ["read_exposure", "read_fits"]
