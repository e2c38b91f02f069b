"""Which exposure the files beside it belong to: night logs, catalogues and Raman images."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aomuse.discover.duplicates import keep_first, nearest, tell_farther
from aomuse.discover.headers import Headers
from aomuse.discover.identity import archive_id_of
from aomuse.errors import FileError
from aomuse.exchange.files import BESIDE_ROLES, FoundFile
from aomuse.exchange.issue import Issue

#: The Raman images of an exposure carry its start. The slowest clock of a header shows seconds,
#: and no two exposures start within two seconds of each other.
RAMAN_TOLERANCE_S = 2.0

_CLOCK = re.compile(r"T(\d\d)_(\d\d)_(\d\d)")


@dataclass(frozen=True)
class Owner:
    """An exposure that files may belong to."""

    archive_id: str
    cubes: Sequence[FoundFile]
    raws: Sequence[FoundFile]


def attach(
    files: Sequence[FoundFile],
    owners: Mapping[str, Owner],
    headers: Headers,
    left_out: list[tuple[FoundFile, str]],
) -> tuple[dict[str, list[FoundFile]], dict[str, list[Issue]]]:
    """Return the files beside each exposure, and what there is to say of them."""
    issues = headers.issues
    said: dict[str, list[Issue]] = defaultdict(list)
    beside: dict[str, list[FoundFile]] = defaultdict(list)
    starts = _Starts(owners, headers)
    strangers = {file.stem for file, _ in left_out}
    for file in files:
        if file.role == "night_log":
            found: str | Issue | None = _owner_of_log(file, owners)
        elif file.role == "catalog":
            found = _owner_of_catalog(file, owners)
        else:
            found = _owner_of_raman(file, starts, headers, said)
        if isinstance(found, Issue) and found.code == "no_exposure" and _is_of(file, strangers):
            left_out.append((file, "it belongs to a file that is left out"))
        elif isinstance(found, Issue):
            issues.append(found)
        elif found is not None:
            beside[found].append(file)
    kept = {
        archive_id: choose(found, _anchor(owners[archive_id]), issues)
        for archive_id, found in beside.items()
    }
    return kept, said


def _is_of(file: FoundFile, stems: set[str]) -> bool:
    """Tell whether a log or a catalogue is called after one of the files with these names."""
    if file.role == "night_log":
        return bool({file.stem, _archive_id(file)} & stems)
    return file.role == "catalog" and any(
        file.stem == stem or file.stem.startswith(f"{stem}_") for stem in stems
    )


def _archive_id(log: FoundFile) -> str:
    """Return the archive name in a log's; underscores may stand for colons in a file system."""
    return _CLOCK.sub(r"T\1:\2:\3", archive_id_of(log.stem))


def _anchor(owner: Owner) -> FoundFile | None:
    return next(iter((*owner.cubes, *owner.raws)), None)


def choose(
    files: Sequence[FoundFile], anchor: FoundFile | None, issues: list[Issue]
) -> list[FoundFile]:
    """Return one night log, and one file of each other name: the nearest, then the first."""
    rivals: dict[tuple[str, str | None], list[FoundFile]] = defaultdict(list)
    for file in files:
        rivals[file.role, None if file.role == "night_log" else file.name].append(file)
    chosen = []
    for same in rivals.values():
        near = nearest(anchor, same) if anchor else same
        tell_farther(near, same, issues)
        chosen += keep_first(near, lambda _: None, issues)
    return chosen


def of_roles(by_role: Mapping[str, Sequence[FoundFile]]) -> list[FoundFile]:
    """Return the files that lie beside exposures."""
    return [file for role in BESIDE_ROLES for file in by_role.get(role, ())]


def _nobody(file: FoundFile, belongs: str) -> Issue:
    return Issue(
        "warning",
        "no_exposure",
        f"there is no exposure that this file belongs to ({belongs}): it is not loaded; load it "
        "together with the exposure's own files",
        str(file),
    )


def _ambiguous(file: FoundFile, owners: Sequence[str], why: str) -> Issue:
    return Issue(
        "error",
        "ambiguous",
        f"it may belong to {' or '.join(sorted(owners))} ({why}): it is not loaded; rename it or "
        "remove what it does not belong to",
        str(file),
    )


def _owner_of_log(file: FoundFile, owners: Mapping[str, Owner]) -> str | Issue:
    named = _archive_id(file)
    if named in owners:
        return named
    same = [o.archive_id for o in owners.values() if any(r.stem == file.stem for r in o.raws)]
    if len(same) == 1:
        return same[0]
    return _ambiguous(file, same, "by the raw file's name") if same else _nobody(file, named)


def _owner_of_catalog(file: FoundFile, owners: Mapping[str, Owner]) -> str | Issue:
    """Return the exposure whose cube a catalogue is called after: ``X.…cat`` or ``X_….cat``."""
    cubes = {
        cube: owner.archive_id
        for owner in owners.values()
        for cube in owner.cubes
        if file.stem == cube.stem or file.stem.startswith(f"{cube.stem}_")
    }
    longest = max((len(cube.stem) for cube in cubes), default=0)
    near = nearest(file, [cube for cube in cubes if len(cube.stem) == longest])
    found = {cubes[cube] for cube in near}
    if len(found) > 1:
        return _ambiguous(file, list(found), "by the cube's name")
    return found.pop() if found else _nobody(file, f"no cube called {file.stem}.fits")


def _owner_of_raman(
    file: FoundFile, starts: _Starts, headers: Headers, said: dict[str, list[Issue]]
) -> str | Issue | None:
    identity = headers.identity(file)
    if identity is None:
        return None
    told = (("DATE-OBS", identity.start_utc), ("MJD-OBS", identity.mjd_utc))
    times = {keyword: time for keyword, time in told if time is not None}
    if not times:
        return _nobody(file, "its header has neither DATE-OBS nor MJD-OBS")
    found = {k: starts.within(time, RAMAN_TOLERANCE_S) for k, time in times.items()}
    owners = {owner for some in found.values() for owner in some}
    if len(owners) > 1:
        keywords = " and ".join(keyword for keyword, some in found.items() if some)
        return _ambiguous(file, sorted(owners), f"by {keywords} within {RAMAN_TOLERANCE_S:g} s")
    first = next(iter(times.values()))
    if not owners:
        return _nobody(
            file, f"none starts within {RAMAN_TOLERANCE_S:g} s of {first.isoformat(sep=' ')} UTC"
        )
    owner = owners.pop()
    apart = max(abs((time - first).total_seconds()) for time in times.values())
    if apart > RAMAN_TOLERANCE_S:
        said[owner].append(_disagree(file, times, next(k for k in times if found[k])))
    return owner


def _disagree(file: FoundFile, times: Mapping[str, dt.datetime], taken: str) -> Issue:
    said = " and ".join(f"{k} is {time.isoformat(sep=' ')} UTC" for k, time in times.items())
    return Issue(
        "warning",
        "times_disagree",
        f"its {said}: it is taken for the exposure that starts at its {taken}; correct the other "
        "keyword",
        str(file),
    )


class _Starts:
    """When the exposures start; the headers are read when the first file asks."""

    def __init__(self, owners: Mapping[str, Owner], headers: Headers) -> None:
        self._owners = owners
        self._headers = headers
        self._starts: list[tuple[dt.datetime, str]] | None = None

    def within(self, time: dt.datetime, seconds: float) -> list[str]:
        """Return the exposures that start nearest to a time, within so many seconds."""
        distances = [
            (abs((start - time).total_seconds()), archive_id) for start, archive_id in self._all()
        ]
        near = [found for found in distances if found[0] <= seconds]
        best = min(near, default=(0.0, ""))[0]
        return [archive_id for distance, archive_id in near if distance == best]

    def _all(self) -> list[tuple[dt.datetime, str]]:
        if self._starts is None:
            self._starts = []
            for owner in self._owners.values():
                start = _start_of(owner, self._headers)
                if start is not None:
                    self._starts.append((start, owner.archive_id))
        return self._starts


def _start_of(owner: Owner, headers: Headers) -> dt.datetime | None:
    for file in (*owner.cubes, *owner.raws):
        try:
            identity = headers.identity(file)
            if identity is None or (identity.start_utc or identity.mjd_utc) is None:
                identity = headers.whole(file)
        except FileError:
            continue
        start = identity.start_utc or identity.mjd_utc
        if start is not None:
            return start
    return None
