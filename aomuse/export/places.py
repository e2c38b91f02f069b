"""Where an exported file goes: as in the tree that was loaded, and nowhere but in the folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from aomuse.errors import ConfigurationError
from aomuse.whole_file import safe_name

Parts = tuple[str, ...]


def relative_places(paths: Mapping[str, Iterable[str]]) -> dict[str, Path]:
    """Return the place of each file in the export, given by path the roots that were searched.

    Places are relative to the root, or to the folder that holds all roots.
    """
    holders = {path: _holder(_parts(path), map(_parts, roots)) for path, roots in paths.items()}
    common = _common(list(holders.values()))
    return {path: Path(*(_safe(part) for part in _parts(path)[len(common) :])) for path in holders}


def _parts(path: str) -> Parts:
    return PurePosixPath("/", path).parts


def _holder(file: Parts, roots: Iterable[Parts]) -> Parts:
    """Return the root that holds a file, the first of several; else the file's folder."""
    holding = [root for root in roots if len(root) < len(file) and file[: len(root)] == root]
    return min(holding, key=len, default=file[:-1])


def _common(folders: list[Parts]) -> Parts:
    """Return the folder that holds all folders."""
    if not folders:
        return ()
    first, last = min(folders), max(folders)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same]


def _safe(part: str) -> str:
    """Return one name of a path as it was, unless it leads elsewhere."""
    return safe_name(part) if part in ("..", ".") or "\0" in part else part


def require_free(directory: Path, places: Mapping[str, Path], *, overwrite: bool) -> None:
    """Refuse to overwrite files, and ever the files that were loaded: they have the pixels."""
    existing = [(path, directory / place) for path, place in places.items()]
    existing = [(path, place) for path, place in existing if place.exists()]
    for path, place in existing:
        source = Path(path)
        if source.exists() and source.samefile(place):
            raise ConfigurationError(
                f"{place} is the file that was loaded, and would lose its pixels: give another "
                "folder"
            )
    if existing and not overwrite:
        more = f" and {len(existing) - 1:,} more files" if len(existing) > 1 else ""
        exist = "exist" if len(existing) > 1 else "exists"
        raise ConfigurationError(
            f"{existing[0][1]}{more} {exist} already: give an empty folder, or --overwrite"
        )
