"""Fixtures that other folders have too."""

from loaded import db  # noqa: F401
