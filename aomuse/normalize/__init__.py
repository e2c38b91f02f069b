"""Stage three: content becomes frames, one for each table. No files, no database."""

from aomuse.normalize.exposure import normalize
from aomuse.normalize.frames import Layout, NormalizedExposure

__all__ = ["Layout", "NormalizedExposure", "normalize"]
