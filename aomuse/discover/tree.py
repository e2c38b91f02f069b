"""Walk the roots; folder and name give the role of each file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from aomuse.errors import ConfigurationError
from aomuse.exchange.files import FoundFile, Role
from aomuse.exchange.issue import Issue
from aomuse.paths import printable

FOLDERS = ("single", "raw", "analysis")
_BY_FOLDER: dict[str, Role] = {"single": "reduced", "raw": "raw"}

_FITS = re.compile(r"^(?P<stem>.+?)\.fits(\.fz)?$", re.IGNORECASE)
#: Text companions, in any folder.
_TEXT: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("night_log", re.compile(r"^(?P<stem>.+?)(\.fits(\.fz)?)?\.NL\.txt$", re.IGNORECASE)),
    ("catalog", re.compile(r"^(?P<stem>.+)\.(detections|se)\.cat$", re.IGNORECASE)),
)
#: Only where no other rule applies; the header decides whether these are Raman images.
_RAMAN = re.compile(r"^(?P<stem>.*RAMAN.*)\.fits(\.fz)?$", re.IGNORECASE)
#: ``X.prm.fits`` belongs to ``X.fits``, ``X.prm_2.fits`` to ``X_2.fits``; the last .prm counts.
_ANALYSIS = re.compile(
    r"^(?P<stem>.+)\.(?P<kind>prm|psf)(?P<tag>[^.]*)\.fits(\.fz)?$", re.IGNORECASE
)


def walk(roots: Sequence[Path]) -> tuple[list[FoundFile], list[Issue]]:
    """Return the files below the roots that may belong to an exposure."""
    files: dict[Path, FoundFile] = {}
    visited: set[str] = set()
    issues: list[Issue] = []
    seen_folder = False
    for root in roots:
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise ConfigurationError(
                f"{printable(root)} {what}: give the folder that holds single/, raw/ and analysis/"
            )
        for folder, names in _folders(root.resolve(), visited, issues):
            place = _place(folder)
            seen_folder = seen_folder or place is not None
            for name in names:
                found = _classify(folder / name, place, root.resolve(), issues)
                if found is not None:
                    files.setdefault(found.path, found)
    if not seen_folder and not files:
        where = ", ".join(printable(root) for root in roots)
        raise ConfigurationError(
            f"there is no folder single/, raw/ or analysis/ and no FITS file below {where}: "
            "give the folder that holds them"
        )
    return [files[path] for path in sorted(files)], issues


def _folders(
    root: Path, visited: set[str], issues: list[Issue]
) -> Iterator[tuple[Path, list[str]]]:
    def unreadable(error: OSError) -> None:
        why = f"the folder cannot be listed ({error.strerror})"
        issues.append(Issue("error", "unreadable", why, printable(error.filename or root)))

    for folder, folders, names in os.walk(root, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:
            # Another root or a link led here before. A link to a parent would never end.
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield Path(folder), sorted(n for n in names if not n.startswith("."))


def _place(folder: Path) -> tuple[str, Path, tuple[str, ...]] | None:
    """Return which of the three folders a folder is in, its parent, and the folders below it."""
    parts = folder.parts
    for i in range(len(parts) - 1, -1, -1):
        if parts[i].lower() in FOLDERS:
            return parts[i].lower(), Path(*parts[:i]), parts[i + 1 :]
    return None


def _role(name: str, kind: str | None) -> tuple[Role, str] | None:
    """Return the role of a file and the name it shares with others, by its name and folder."""
    for role, pattern in _TEXT:
        match = pattern.match(name)
        if match:
            return role, match["stem"]
    match = _ANALYSIS.match(name) if kind in ("analysis", None) else None
    if match is not None:
        return "prm" if match["kind"].lower() == "prm" else "psf", match["stem"] + match["tag"]
    match = _RAMAN.match(name)
    if match is not None and kind not in _BY_FOLDER:
        return "raman", match["stem"]
    match = _FITS.match(name)
    if match is None or kind == "analysis":
        return None
    return _BY_FOLDER.get(kind or "", "unknown"), match["stem"]


def _classify(
    path: Path,
    place: tuple[str, Path, tuple[str, ...]] | None,
    root: Path,
    issues: list[Issue],
) -> FoundFile | None:
    kind, base, folder = place or (None, root, path.parent.relative_to(root).parts)
    named = _role(path.name, kind)
    if named is None:
        return None
    role, stem = named
    try:
        real = path.resolve(strict=True)
        stat = real.stat()
    except (OSError, RuntimeError) as error:
        # Before Python 3.13 a loop of links is a RuntimeError.
        why = error.strerror if isinstance(error, OSError) else "a loop of links"
        why = f"the file cannot be reached ({why}): repair or remove the link"
        issues.append(Issue("error", "unreadable", why, printable(path)))
        return None
    if not S_ISREG(stat.st_mode):
        why = "it is named like a file but is not one (a pipe, a socket, a folder): remove it"
        issues.append(Issue("error", "not_a_file", why, printable(path)))
        return None
    return FoundFile(path, role, printable(stem), base, folder, stat.st_size, stat.st_mtime_ns)


def find_again(path: Path, role: Role) -> FoundFile | None:
    """Return a file of an earlier run as a found file, None if it is gone or has another role."""
    # Its folders still give the PSF model, whatever the root was.
    found = _classify(path, _place(path.parent), Path(path.anchor), [])
    # The header gave these their role in that run.
    if found is not None and found.role in ("unknown", "raman"):
        found = replace(found, role=role)
    return found if found and found.role == role else None
