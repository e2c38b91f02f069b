"""aomuse: a relational warehouse for MUSE adaptive-optics exposures, and its loader."""

from aomuse.database import Database, connect, from_table, to_table

__all__ = ["Database", "connect", "from_table", "to_table"]
