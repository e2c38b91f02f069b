"""Files that are written from the code: write them, or look whether they are current."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path


def settle(
    folder: Path,
    files: Mapping[str, str],
    *,
    shown_as: str,
    check: bool,
    leftovers: Collection[Path] = (),
) -> int:
    """Write what is not current and remove what is left over, or only name both.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files are; made if it does not exist.
    files : mapping
        Text by the file's name.
    shown_as : str
        What the folder is called in messages.
    check : bool
        Write nothing.
    leftovers : collection of pathlib.Path, optional
        Files of earlier times.

    Returns
    -------
    int
        Exit code: 1 where ``check`` finds a file that is out of date.
    """
    stale = {folder / name for name, text in files.items() if _text(folder / name) != text}
    outdated = sorted(stale.union(leftovers))
    if check:
        for path in outdated:
            print(f"{shown_as}/{path.name} is out of date: run make docs", file=sys.stderr)
        return 1 if outdated else 0
    folder.mkdir(parents=True, exist_ok=True)
    for path in outdated:
        if path in stale:
            path.write_text(files[path.name], encoding="utf-8")
        else:
            path.unlink()
        print(f"{'wrote' if path in stale else 'removed'} {path.name}")
    return 0


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
