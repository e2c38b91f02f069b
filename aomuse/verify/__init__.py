"""Read the files again and compare every value with the database.

What a FITS file should give comes from astropy (headers) and the file's own bytes (tables), and is
compared with what `aomuse.stored` reads back. Night logs and catalogues are read by the loader's
own parsers; which column should hold which value is stated here again.
"""

from aomuse.verify.all_files import compare, count_imported, verify
from aomuse.verify.comparison import Verified

__all__ = ["Verified", "compare", "count_imported", "verify"]
