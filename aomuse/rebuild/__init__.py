"""The way back: rows become cards and columns again, as they were in the file."""

from aomuse.rebuild.cards import Card, card_images, rebuild_cards
from aomuse.rebuild.exposure import StoredExposure
from aomuse.rebuild.formats import Column
from aomuse.rebuild.imported import differences

__all__ = ["Card", "Column", "StoredExposure", "card_images", "differences", "rebuild_cards"]
