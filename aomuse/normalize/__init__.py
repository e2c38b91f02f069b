"""Stage three: content becomes frames, one for each table. No files, no database."""

from aomuse.normalize.exposure import normalize

__all__ = ["normalize"]
