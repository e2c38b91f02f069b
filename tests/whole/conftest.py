"""Fixtures that other folders have too."""

from loaded import db, tree, whole  # noqa: F401
