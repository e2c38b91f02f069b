"""The manifest of a lake: which files belong to it, and what they were made from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from aomuse.errors import AomuseError
from aomuse.lake.files import LakeFile
from aomuse.lake.layout import META
from aomuse.models import Base
from aomuse.whole_file import whole_file

FORMAT = 1
_NAME = "manifest.json"

#: What the content of an exposure is known by; equal only if none of its rows has changed.
Key = list[Any]


@dataclass
class Manifest:
    """What a lake holds.

    Attributes
    ----------
    revision : str
        Revision of the schema.
    state : list or None
        What the content of the whole database is known by; None while an export is under way.
    exposures : dict
        The key of each exposure, by its id.
    files : dict
        The files by path.
    """

    revision: str
    state: Key | None = None
    exposures: dict[int, Key] = field(default_factory=dict)
    files: dict[str, LakeFile] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Write it whole, a line for each exposure and file."""
        head = json.dumps(
            {
                "format": FORMAT,
                "aomuse_version": version("aomuse"),
                "schema_revision": self.revision,
                "state": self.state,
            }
        )
        exposures = (f'"{e}": {json.dumps(self.exposures[e])}' for e in sorted(self.exposures))
        files = (json.dumps(self.files[path]._asdict()) for path in sorted(self.files))
        try:
            (root / META).mkdir(parents=True, exist_ok=True)
            with whole_file(root / META / _NAME) as file:
                file.write(f'{head[:-1]}, "exposures": {{\n')
                file.writelines(_separated(exposures))
                file.write('}, "files": [\n')
                file.writelines(_separated(files))
                file.write("]}\n")
        except OSError as error:
            raise AomuseError(f"{root} cannot be written: {error.strerror or error}") from error


def _separated(items: Iterator[str]) -> Iterator[str]:
    before = ""
    for item in items:
        yield before + item
        before = ",\n"
    yield "\n"


def read_head(root: Path) -> dict[str, Any] | None:
    """Return the first line of a lake's manifest, or None if the folder is not a lake."""
    place = root / META / _NAME
    try:
        with place.open(encoding="utf-8") as file:
            head: dict[str, Any] = json.loads(f"{file.readline()}}}}}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(place, error) from error
    if head.get("format") != FORMAT:
        raise AomuseError(
            f"{place} has format {head.get('format')}, this aomuse writes {FORMAT}: export into "
            "another folder, or use the aomuse that made it"
        )
    return head


def read_manifest(root: Path) -> Manifest | None:
    """Return what a lake holds, or None if the folder is not a lake."""
    head = read_head(root)
    if head is None:
        return None
    place = root / META / _NAME
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        files = [_checked(LakeFile(**entry)) for entry in content["files"]]
        exposures = {int(exposure_id): key for exposure_id, key in content["exposures"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(place, error) from error
    return Manifest(
        head["schema_revision"], head["state"], exposures, {file.path: file for file in files}
    )


def _checked(file: LakeFile) -> LakeFile:
    """Return an entry if its path is one that an export could have written."""
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts or path.parts[0] != file.table:
        raise ValueError(file.path)
    if file.table not in Base.metadata.tables or not isinstance(file.exposure_id, int | None):
        raise ValueError(file.table)
    return file


def _unreadable(place: Path, error: Exception) -> AomuseError:
    return AomuseError(
        f"{place} is not the manifest of a lake ({type(error).__name__}): export into another "
        "folder"
    )
