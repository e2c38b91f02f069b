"""Read the files again, with nothing but astropy, and compare every value with the database."""

from aomuse.verify.comparison import Verified
from aomuse.verify.files import compare, count_imported, verify

__all__ = ["Verified", "compare", "count_imported", "verify"]
