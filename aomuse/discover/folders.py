"""The folders below the roots, each once, whatever links lead there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from aomuse.exchange.issue import Issue
from aomuse.paths import printable

#: Folders whose name says what is in them.
FOLDERS = ("single", "raw", "analysis")


def folders(roots: Sequence[Path], issues: list[Issue]) -> Iterator[tuple[Path, Path, list[str]]]:
    """Yield each folder below the roots: its root, its path, and the names of its files, sorted.

    Names that begin with a dot are left out. A link is followed once the folders themselves are
    done, so that a folder has its own path; a link called ``raw`` says what is in it, and goes
    first.
    """
    visited: set[tuple[int, int]] = set()
    waiting = [(root, root) for root in reversed(roots)]
    links: list[tuple[Path, Path]] = []
    while waiting or links:
        root, folder = waiting.pop() if waiting else links.pop(0)
        try:
            stat = folder.stat()
            # Another root or a link led here before. A link to a parent would never end.
            if (stat.st_dev, stat.st_ino) in visited:
                continue
            visited.add((stat.st_dev, stat.st_ino))
            with os.scandir(folder) as entries:
                each = sorted((e for e in entries if e.name[0] != "."), key=lambda e: e.name)
        except OSError as error:
            why = f"the folder cannot be listed ({error.strerror})"
            issues.append(Issue("error", "unreadable", why, printable(folder)))
            continue
        names: list[str] = []
        first: list[tuple[Path, Path]] = []
        later: list[tuple[Path, Path]] = []
        for entry in each:
            try:
                is_folder, is_link = entry.is_dir(), entry.is_symlink()
            except OSError:
                is_folder, is_link = False, True
            if is_folder and is_link and entry.name.lower() not in FOLDERS:
                links.append((root, folder / entry.name))
            elif is_folder:
                (first if is_link else later).append((root, folder / entry.name))
            else:
                names.append(entry.name)
                if is_link and _leads_nowhere(folder, entry.name):
                    why = "the link leads to no file or folder: repair or remove it"
                    path = printable(folder / entry.name)
                    issues.append(Issue("error", "unreadable", why, path))
        waiting += [*reversed(later), *reversed(first)]
        yield root, folder, names


def _leads_nowhere(folder: Path, name: str) -> bool:
    """Return whether a link is dead that by its name led to a folder."""
    return "." not in name and not (folder / name).exists()
