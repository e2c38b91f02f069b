"""Walk the roots; folder and name give the role of each file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from aomuse.discover.archive_names import COPY_MARK
from aomuse.discover.folders import FOLDERS, folders
from aomuse.discover.unread import is_like_ours, not_read
from aomuse.errors import ConfigurationError
from aomuse.exchange.files import FoundFile, Role
from aomuse.exchange.issue import Issue
from aomuse.paths import printable

_BY_FOLDER: dict[str, Role] = {"single": "reduced", "raw": "raw"}


def _name(pattern: str) -> re.Pattern[str]:
    """Return the pattern of a whole name, which may have line ends."""
    return re.compile(rf"{pattern}\Z", re.IGNORECASE | re.DOTALL)


_FITS = _name(rf"(?P<stem>.+?)\.fits(?P<tag>{COPY_MARK})?(\.fz)?")
#: Text companions, in any folder.
_TEXT: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("night_log", _name(rf"(?P<stem>.+?)(\.fits(\.fz)?)?\.NL(?P<tag>{COPY_MARK})?\.txt")),
    ("catalog", _name(rf"(?P<stem>.+)\.(detections|se)(?P<tag>{COPY_MARK})?\.cat")),
)
#: Only where no other rule applies; the header decides whether these are Raman images.
_RAMAN = _name(rf"(?P<stem>.*RAMAN.*)\.fits(?P<tag>{COPY_MARK})?(\.fz)?")
#: ``X.prm.fits`` belongs to ``X.fits``, ``X.prm_2.fits`` to ``X_2.fits``; the last .prm counts.
_ANALYSIS = _name(
    rf"(?P<stem>.+)\.(?P<kind>prm|psf)(?P<tag>[^.]*)\.fits(?P<copy>{COPY_MARK})?(\.fz)?"
)


def walk(roots: Sequence[Path]) -> tuple[list[FoundFile], list[Issue]]:
    """Return the files below the roots that may belong to an exposure."""
    for root in roots:
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise ConfigurationError(
                f"{printable(root)} {what}: give the folder that holds single/, raw/ and analysis/"
            )
    files: dict[Path, FoundFile] = {}
    issues: list[Issue] = []
    seen = False
    for root, folder, names in folders([root.resolve() for root in roots], issues):
        place = _place(folder)
        seen = seen or place is not None
        for name in names:
            found = _classify(folder / name, place, root, issues)
            if found is not None:
                files.setdefault(found.path, found)
            elif is_like_ours(name):
                unread = list(not_read(folder / name, names))
                seen = seen or bool(unread)
                issues += unread
    if not seen and not files:
        where = ", ".join(printable(root) for root in roots)
        raise ConfigurationError(
            f"there is no folder single/, raw/ or analysis/ and no FITS file below {where}: "
            "give the folder that holds them" + "".join(f"; {issue}" for issue in issues[:1])
        )
    return [files[path] for path in sorted(files)], issues


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
            return role, match["stem"] + (match["tag"] or "")
    match = _ANALYSIS.match(name) if kind in ("analysis", None) else None
    if match is not None:
        stem = match["stem"] + match["tag"] + (match["copy"] or "")
        return "prm" if match["kind"].lower() == "prm" else "psf", stem
    match = _RAMAN.match(name)
    if match is not None and kind not in _BY_FOLDER:
        return "raman", match["stem"] + (match["tag"] or "")
    match = _FITS.match(name)
    if match is None or kind == "analysis":
        return None
    return _BY_FOLDER.get(kind or "", "unknown"), match["stem"] + (match["tag"] or "")


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
        stat = path.stat()
    except OSError as error:
        why = f"the file cannot be reached ({error.strerror}): repair or remove the link"
        issues.append(Issue("error", "unreadable", why, printable(path)))
        return None
    if not S_ISREG(stat.st_mode):
        why = "it is named like a file but is not one (a pipe, a socket, a folder): remove it"
        issues.append(Issue("error", "not_a_file", why, printable(path)))
        return None
    return FoundFile(
        path,
        role,
        printable(stem),
        base,
        folder,
        stat.st_size,
        stat.st_mtime_ns,
        (stat.st_dev, stat.st_ino),
    )


def find_again(path: Path, role: Role) -> FoundFile | None:
    """Return a file of an earlier run as a found file, None if it is gone or has another role."""
    # Its folders still give the PSF model, whatever the root was.
    found = _classify(path, _place(path.parent), Path(path.anchor), [])
    # The header gave these their role in that run.
    if found is not None and found.role in ("unknown", "raman"):
        found = replace(found, role=role)
    return found if found and found.role == role else None
