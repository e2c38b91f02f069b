"""Frames: the warehouse as pandas DataFrames, with units, filters and pieces."""

from aomuse.query.frames.filters import Filters
from aomuse.query.frames.table import from_table, to_table

__all__ = ["Filters", "from_table", "to_table"]
