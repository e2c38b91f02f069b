"""Looking after a database: drop, backup, restore, and accounts that only read."""

from aomuse.admin.backup import backup, restore
from aomuse.admin.drop import Inventory, drop, inventory
from aomuse.admin.reader import ReaderAccount

__all__ = ["Inventory", "ReaderAccount", "backup", "drop", "inventory", "restore"]
