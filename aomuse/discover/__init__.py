"""Stage one: folders become exposures with their files. Opens nothing but headers."""

from aomuse.discover.exposures import Discovery, discover, join
from aomuse.discover.tree import find_again

__all__ = ["Discovery", "discover", "find_again", "join"]
