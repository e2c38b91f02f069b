"""Put files in place whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def write(path: Path, hdus: Iterable[bytes]) -> None:
    """Write HDUs to a file that appears only when it is complete.

    Parameters
    ----------
    path : Path
        File to write; its folder is made when missing.
    hdus : iterable of bytes
        HDUs in order, each in whole blocks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("wb") as stream:
        stream.writelines(hdus)
    unfinished.replace(path)
