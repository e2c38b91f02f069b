"""Stage one: folders become exposures with their files. Opens nothing but headers."""

from aomuse.discover.exposures import discover, join
from aomuse.discover.tree import find_again

__all__ = ["discover", "find_again", "join"]
