"""aomuse: a relational warehouse for MUSE adaptive-optics exposures, and its loader."""

from aomuse.database import Database, connect

__all__ = ["Database", "connect"]
