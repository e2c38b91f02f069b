"""Existing AOMUSE databases, full of JSON blobs: their exposures become rows of every table."""

from aomuse.blobs.given import add_exposure
from aomuse.blobs.stage import import_blobs

__all__ = ["add_exposure", "import_blobs"]
