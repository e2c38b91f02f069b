"""Bulk INSERT on MariaDB without a Python object per value.

Why this is here: an exposure has 400,000 rows, and all of them, with the statements around them,
are one transaction. MariaDB's connector for Python takes rows as tuples; making and reading those
costs more than the rest of a load. Connector/C, the C library below it, can bind arrays to the
parameters of a prepared INSERT (COM_STMT_BULK_EXECUTE), which the connector does not offer. This
package passes numpy arrays to it with ctypes, on the connection that SQLAlchemy already has.

Seconds for the 368,100 source rows of one exposure, NaN to NULL and committed, and the speed
relative to LOAD DATA INFILE; medians of five rounds in turn on two busy cores. `make bench`
measures them again:

============================ ===== ===== =======================================================
this package                   1.6   1.7
arrow-odbc, odbc-mariadb       1.3   2.1 a system driver, its own connection, no unsigned 64 bits
LOAD DATA LOCAL INFILE         2.6   1.0 text in between
LOAD DATA INFILE               2.7   1.0 text on the server, the FILE privilege
connector 1.1 executemany      6.4   0.4
connector 2.0rc2 executemany   7.2   0.4
DuckDB 1.5, mysql extension   11.0   0.2
============================ ===== ===== =======================================================

What it does: inserts frames, exact to the bit (doubles, 64-bit integers, texts, bytes,
DATETIME(6), NULL); its errors name table, column and row; no packet exceeds max_allowed_packet.
`try_out` first writes and reads a few rows in a child process, since ctypes checks nothing.

What it does not: connect, read, or run any other statement. The connector does that through
SQLAlchemy's own dialect. Where `try_out` raises `BulkUnavailable` (another driver, a server without
bulk statements, an unknown layout), the caller uses the connector's executemany.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aomuse.libmariadb.connector_c import library_of
from aomuse.libmariadb.errors import BulkUnavailable

if TYPE_CHECKING:
    from aomuse.libmariadb.probe import Trial, try_out
    from aomuse.libmariadb.writer import BulkArrayWriter

__all__ = ["BulkArrayWriter", "BulkUnavailable", "Trial", "library_of", "try_out"]

_MODULES = {"BulkArrayWriter": "writer", "Trial": "probe", "try_out": "probe"}


def __getattr__(name: str) -> Any:
    """Import what writes when it is first used: it needs numpy and pandas."""
    if name in _MODULES:
        return getattr(import_module(f"aomuse.libmariadb.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'aomuse.libmariadb' has no attribute {name!r}")
