"""Bulk INSERT on MariaDB without a Python object per value.

Why this is here. An exposure has 400,000 rows, and all of them, with the statements around them,
are one transaction. MariaDB's connector for Python takes rows as tuples: making and reading those
costs more than all the rest of a load. Connector/C, the C library below it, can bind arrays to the
parameters of a prepared INSERT (COM_STMT_BULK_EXECUTE), but the connector does not offer that. This
package gives it numpy's arrays by ctypes, on the connection that SQLAlchemy has already.

Seconds for the 368,100 source rows of one exposure, NaN to NULL and committed; median of five
rounds in turn on two busy cores, and the speed against LOAD DATA INFILE (see `make bench`):

====================================== ====== ===== =====================================
this package                             2.3   1.9
arrow-odbc 10.6, MariaDB's ODBC 3.1      2.5   1.7   a system driver, a connection apart
LOAD DATA INFILE                         4.3   1.0   a file on the server, right FILE
LOAD DATA LOCAL INFILE                   4.5   1.0   text in between
connector 1.1, executemany              11.2   0.4
connector 2.0.0rc2, executemany         13.5   0.3
DuckDB 1.5 with its MySQL extension     28.8   0.15
====================================== ====== ===== =====================================

What it does: INSERTs of frames, exact to the bit (doubles, 64-bit integers, texts, bytes,
DATETIME(6), NULL); errors that name table, column and row; packets below max_allowed_packet.
`try_out` first writes and reads a few rows in a child process, since ctypes checks nothing.

What it does not: connect, read, or run any other statement. That is the connector's, through
SQLAlchemy's own dialect. Where `try_out` raises `BulkUnavailable` (a pure Python driver, a server
without bulk statements, an unknown layout), the caller uses the connector's executemany.
"""

from aomuse.libmariadb.errors import BulkUnavailable
from aomuse.libmariadb.probe import try_out
from aomuse.libmariadb.writer import BulkArrayWriter

__all__ = ["BulkArrayWriter", "BulkUnavailable", "try_out"]
