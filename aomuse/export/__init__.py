"""FITS files from the database alone: headers to the byte, tables to the bit, no pixels.

Of a table the database has values, and a value does not tell all: which bits a NaN has, in which
order lists lie in the heap. An export writes what most programs write, then what others do, until
the bytes have the checksum that the load has kept; where they never do, it says so.
"""

from aomuse.export.files import Exported, Written, export

__all__ = ["Exported", "Written", "export"]
