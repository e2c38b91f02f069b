"""Changes of what is stored: a header value, a PSF parameter, a source, with what depends on it."""

from aomuse.change.headers import set_header
from aomuse.change.layers import set_parameter, set_source

__all__ = ["set_header", "set_parameter", "set_source"]
