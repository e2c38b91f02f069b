"""Files that claim the same place: the nearest counts, then the first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from aomuse.errors import FileError
from aomuse.exchange.files import TEXT_ROLES, FoundFile
from aomuse.exchange.issue import Issue
from aomuse.fits.structure import file_checksum


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
        if _same_content(kept, file):
            why = f"it is a copy of {kept}, which is loaded"
            issues.append(Issue("note", "copy", why, str(file)))
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
        if _same_content(near[0], file):
            issues.append(Issue("note", "copy", f"it is a copy of {near[0]}", str(file)))
        else:
            why = (
                f"it is another {file.role} file of the same exposure as {near[0]}, but differs "
                "from it and is farther from the cube: it is not loaded; remove the wrong one"
            )
            issues.append(Issue("warning", "farther", why, str(file)))


def _same_content(one: FoundFile, other: FoundFile) -> bool:
    if one.path.suffix.lower() == other.path.suffix.lower() and one.size != other.size:
        return False
    is_text = one.role in TEXT_ROLES
    try:
        return len({file_checksum(f.path, str(f), is_text=is_text) for f in (one, other)}) == 1
    except FileError:
        return False
