"""Bulk INSERT on MariaDB without a Python object per value.

Connector/C, the C library below the ``mariadb`` package, can bind arrays to the parameters of a
prepared INSERT (COM_STMT_BULK_EXECUTE). This package gives it numpy's arrays, by ctypes, on a
connection that SQLAlchemy uses for all other statements of the same transaction.
"""

from aomuse.libmariadb.exceptions import BulkUnavailable
from aomuse.libmariadb.writer import BulkArrayWriter

__all__ = ["BulkArrayWriter", "BulkUnavailable"]
