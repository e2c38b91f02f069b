"""How values live in rows, both ways; nothing else reads or writes stored values."""

from aomuse.stored.cards import Card
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.tables import StoredColumn

__all__ = ["Card", "StoredColumn", "StoredExposure"]
