"""Stage four: frames become rows, an exposure in one transaction."""

from aomuse.load.unit_of_work import UnitOfWork, reason_of
from aomuse.load.ways import BulkWay, bulk_way

__all__ = ["BulkWay", "UnitOfWork", "bulk_way", "reason_of"]
