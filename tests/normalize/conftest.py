"""Fixtures that other folders have too."""

from loaded import tree  # noqa: F401
