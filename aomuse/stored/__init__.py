"""How values live in rows, both ways."""

from aomuse.stored.cards import Card, card_images, rebuild_cards
from aomuse.stored.exposure import StoredExposure
from aomuse.stored.formats import Column

__all__ = ["Card", "Column", "StoredExposure", "card_images", "rebuild_cards"]
