"""aomuse: a relational warehouse for MUSE adaptive-optics exposures, and its loader."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aomuse.database import Database, connect
    from aomuse.query.frames import from_table, to_table
    from aomuse.query.votable import to_votable

__all__ = ["Database", "connect", "from_table", "to_table", "to_votable"]


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: a command needs few of the modules."""
    if name in ("Database", "connect"):
        return getattr(import_module("aomuse.database"), name)
    if name in ("from_table", "to_table"):
        return getattr(import_module("aomuse.query.frames"), name)
    if name == "to_votable":
        return import_module("aomuse.query.votable").to_votable
    raise AttributeError(f"module 'aomuse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
