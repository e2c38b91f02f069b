"""Files that claim the same place: the nearest counts, then the first."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable, Hashable, Iterable, Sequence

from aomuse.discover.archive_names import without_copy_mark
from aomuse.errors import FileError
from aomuse.exchange.files import FoundFile
from aomuse.exchange.issue import Issue
from aomuse.fits.opening import opened
from aomuse.fits.structure import file_checksum

#: Roles of files of gigabytes, of whose pixels samples are compared.
_WITH_PIXELS = ("reduced", "raw")
#: Samples of a file, and bytes of each.
_SAMPLES, _SAMPLE_BYTES = 64, 4096


def nearest(file: FoundFile, candidates: Iterable[FoundFile]) -> list[FoundFile]:
    """Return the candidates in the folders nearest to a file."""

    def distance(other: FoundFile) -> tuple[int, int]:
        if other.base != file.base:
            return 2, _steps(file.base.parts, other.base.parts)
        return int(other.folder != file.folder), _steps(file.folder, other.folder)

    ranked = [(distance(other), other) for other in candidates]
    best = min((rank for rank, _ in ranked), default=(0, 0))
    return [other for rank, other in ranked if rank == best]


def _steps(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many folders lie between two places, up and down."""
    pairs = enumerate(zip(one, other, strict=False))
    common = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    return len(one) + len(other) - 2 * common


def keep_first(
    files: list[FoundFile], key: Callable[[FoundFile], Hashable], issues: list[Issue]
) -> list[FoundFile]:
    """Return the first file of each key, and report the others as duplicates."""
    first: dict[Hashable, FoundFile] = {}
    for file in files:
        kept = first.setdefault(key(file), file)
        if kept is file:
            continue
        if same_content(kept, file):
            report_copy(kept, file, issues)
        else:
            why = (
                f"it is another {file.role} file of the same exposure as {kept}, which is loaded, "
                "but its content differs: remove one of the two"
            )
            issues.append(Issue("error", "duplicate_archive_id", why, str(file)))
    return list(first.values())


def report_farther(
    near: Sequence[FoundFile], candidates: Iterable[FoundFile], issues: list[Issue]
) -> None:
    """Report the candidates that are farther away than the nearest, which is loaded."""
    for file in candidates:
        if file in near:
            continue
        if same_content(near[0], file):
            report_copy(near[0], file, issues)
        else:
            why = (
                f"it is another {file.role} file of the same exposure as {near[0]}, but differs "
                "from it and is farther from the cube: it is not loaded; remove the wrong one"
            )
            issues.append(Issue("warning", "farther", why, str(file)))


def in_order(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Return rivals in the order in which they count: a link or a name like a copy's comes last."""
    if len(files) < 2:
        return list(files)

    def place(file: FoundFile) -> tuple[bool, bool, str]:
        path = os.fspath(file.path)
        return os.path.realpath(path) != path, without_copy_mark(file.stem) != file.stem, path

    return sorted(files, key=place)


def report_copy(kept: FoundFile, copy: FoundFile, issues: list[Issue]) -> None:
    """Report a file with the content of one that is kept."""
    what = "a link to" if _is_same_file(kept, copy) else "a copy of"
    issues.append(Issue("note", "copy", f"it is {what} {kept}, which is loaded", str(copy)))


def _is_same_file(one: FoundFile, other: FoundFile) -> bool:
    return one.inode is not None and one.inode == other.inode


def same_content(one: FoundFile, other: FoundFile) -> bool:
    """Return whether two files are one, or are equal; of pixels samples are compared."""
    if _is_same_file(one, other) or one.size != other.size:
        return _is_same_file(one, other)
    try:
        if one.role not in _WITH_PIXELS:
            return filecmp.cmp(one.path, other.path, shallow=False)
        return _samples(one) == _samples(other) and _checksum(one) == _checksum(other)
    except (OSError, FileError):
        return False


def _checksum(file: FoundFile) -> str | None:
    """Return the checksum of a file without pixels, None if its structure is damaged."""
    try:
        return file_checksum(file.path, str(file))
    except FileError:
        return None


def _samples(file: FoundFile) -> list[bytes]:
    """Return bytes from all over a file."""
    with opened(file.path, str(file)) as stream:
        samples = []
        for number in range(_SAMPLES):
            stream.seek(file.size * number // _SAMPLES)
            samples.append(stream.read(_SAMPLE_BYTES))
        return samples
