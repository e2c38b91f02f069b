"""AOMUSE 2020 to 2023, in and out: its databases, its documents."""

from aomuse.legacy.adding import add_exposure
from aomuse.legacy.importing import import_blobs

__all__ = ["add_exposure", "import_blobs"]
