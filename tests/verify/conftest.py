"""Fixtures that other folders have too."""

from loaded import db, tree  # noqa: F401
