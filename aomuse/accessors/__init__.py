"""Accessors: the methods of a warehouse that give frames; `aomuse.query.frames` makes those.

They import pandas when they are called: a session, and the command line, need none of it.
"""

from aomuse.accessors.conditions import Conditions
from aomuse.accessors.psf import Analyses

__all__ = ["Analyses", "Conditions"]
