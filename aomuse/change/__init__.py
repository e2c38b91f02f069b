"""Changes of what is stored: a header value, a PSF parameter, a source, with what depends on it."""

from aomuse.change.headers import set_header
from aomuse.change.layers import set_parameter, set_source
from aomuse.change.operations import OPERATIONS

__all__ = ["OPERATIONS", "set_header", "set_parameter", "set_source"]
