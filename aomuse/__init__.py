"""aomuse: a relational warehouse for MUSE adaptive-optics exposures, and its loader."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aomuse.database import Database, connect
    from aomuse.lake.frames import open_lake
    from aomuse.query.frames import from_table, to_table
    from aomuse.query.votable import to_votable

__all__ = ["Database", "connect", "from_table", "open_lake", "to_table", "to_votable"]

_MODULES = {
    **dict.fromkeys(("Database", "connect"), "aomuse.database"),
    **dict.fromkeys(("from_table", "to_table"), "aomuse.query.frames"),
    "open_lake": "aomuse.lake.frames",
    "to_votable": "aomuse.query.votable",
}


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: a command needs few of the modules."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'aomuse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
