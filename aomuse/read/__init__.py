"""Stage two: files become cards and columns. No database here."""

from aomuse.read.exposure import read_exposure

__all__ = ["read_exposure"]
