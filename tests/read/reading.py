"""Files as the reader gives them, and headers to write by hand."""

from pathlib import Path

import pytest

from aomuse.discover.tree import find_again
from aomuse.errors import FileError
from aomuse.exchange.content import FileContent
from aomuse.read.fits_file import read_fits


def read(path: Path, role: str = "raw") -> FileContent:
    return read_fits(find_again(path, role))


def refusal(path: Path, role: str = "raw") -> FileError:
    """Give the error of a file that cannot be read."""
    with pytest.raises(FileError) as caught:
        read(path, role)
    return caught.value


def told(content: FileContent) -> list[tuple[str, str]]:
    """Give severity and code of the issues."""
    return [(issue.severity, issue.code) for issue in content.issues]


def header(*cards: str) -> bytes:
    """Give the blocks of a header with these cards and END, each character a byte."""
    text = "".join(card.ljust(80) for card in (*cards, "END"))
    return text.ljust(-(-len(text) // 2880) * 2880).encode("latin-1")


#: The first cards of a file without pixels.
NO_PIXELS = (
    "SIMPLE  =                    T",
    "BITPIX  =                    8",
    "NAXIS   =                    0",
)
