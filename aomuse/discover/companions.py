"""Companions of an exposure: its night log, catalogues and Raman images."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from aomuse.discover.archive_names import archive_id_of, without_copy_mark
from aomuse.discover.duplicates import in_order, keep_first, nearest, report_farther
from aomuse.discover.group import Group
from aomuse.discover.headers import Headers
from aomuse.errors import FileError
from aomuse.exchange.files import COMPANION_ROLES, FoundFile, Role, catalog_extension
from aomuse.exchange.issue import Issue

#: Raman images carry the start of their exposure. Some headers give whole seconds only, and no two
#: exposures start within two seconds of each other.
RAMAN_TOLERANCE_S = 2.0


def attach(
    files: Sequence[FoundFile],
    owners: Mapping[str, Group],
    headers: Headers,
    left_out: list[tuple[FoundFile, str]],
) -> tuple[dict[str, list[FoundFile]], dict[str, list[Issue]]]:
    """Return the companions of each exposure, and the issues about them."""
    issues = headers.issues
    own_issues: dict[str, list[Issue]] = defaultdict(list)
    companions: dict[str, list[FoundFile]] = defaultdict(list)
    starts: dict[str, dt.datetime] = {}
    if any(file.role == "raman" for file in files):
        found = ((key, _start_of(owner, headers)) for key, owner in owners.items())
        starts = {key: start for key, start in found if start is not None}
    excluded = {name for file, _ in left_out for name in (file.stem, archive_id_of(file.stem))}
    for file in files:
        if file.role == "night_log":
            owner: str | Issue | None = _owner_of_log(file, owners)
        elif file.role == "catalog":
            owner = _owner_of_catalog(file, owners)
        else:
            owner = _owner_of_raman(file, starts, headers, own_issues)
        if isinstance(owner, Issue) and owner.code == "no_exposure" and _is_of(file, excluded):
            left_out.append((file, "it belongs to a file that is left out"))
        elif isinstance(owner, Issue):
            issues.append(owner)
        elif owner is not None:
            companions[owner].append(file)
    chosen = {key: choose(f, owners[key].anchor, issues) for key, f in companions.items()}
    return chosen, own_issues


def _is_of(file: FoundFile, stems: set[str]) -> bool:
    """Return whether a log or catalogue is named after one of these files."""
    if file.role == "night_log":
        return bool({file.stem, archive_id_of(file.stem)} & stems)
    return file.role == "catalog" and any(
        file.stem == stem or file.stem.startswith(f"{stem}_") for stem in stems
    )


def choose(
    files: Sequence[FoundFile], anchor: FoundFile | None, issues: list[Issue]
) -> list[FoundFile]:
    """Return one night log and one file of each other name: the nearest, else the first."""
    rivals: dict[tuple[Role, tuple[str, str] | None], list[FoundFile]] = defaultdict(list)
    for file in files:
        rivals[file.role, None if file.role == "night_log" else _bare_name(file)].append(file)
    chosen = []
    for same in rivals.values():
        near = nearest(anchor, same) if anchor else same
        report_farther(near, same, issues)
        chosen += keep_first(in_order(near), lambda _: None, issues)
    return chosen


def _bare_name(file: FoundFile) -> tuple[str, str]:
    """Return the name without the mark of a copy, and what it says of the content."""
    is_catalog = file.role == "catalog"
    kind = catalog_extension(file.name) if is_catalog else file.path.suffix
    return without_copy_mark(file.stem), kind


def of_roles(by_role: Mapping[str, Sequence[FoundFile]]) -> list[FoundFile]:
    """Return the companions among files sorted by role."""
    return [file for role in COMPANION_ROLES for file in by_role.get(role, ())]


def _nobody(file: FoundFile, belongs: str) -> Issue:
    why = (
        f"there is no exposure that this file belongs to ({belongs}): it is not loaded; load it "
        "together with the exposure's own files"
    )
    return Issue("warning", "no_exposure", why, str(file))


def _ambiguous(file: FoundFile, owners: Sequence[str], why: str) -> Issue:
    problem = (
        f"it may belong to {' or '.join(sorted(owners))} ({why}): it is not loaded; rename it or "
        "remove what it does not belong to"
    )
    return Issue("error", "ambiguous", problem, str(file))


def _owner_of_log(file: FoundFile, owners: Mapping[str, Group]) -> str | Issue:
    named = archive_id_of(file.stem)
    if named in owners:
        return named
    same = [o.archive_id for o in owners.values() if any(r.stem == file.stem for r in o.raws)]
    if len(same) == 1:
        return same[0]
    return _ambiguous(file, same, "by the raw file's name") if same else _nobody(file, named)


def _owner_of_catalog(file: FoundFile, owners: Mapping[str, Group]) -> str | Issue:
    """Return the exposure whose cube a catalogue is named after: ``X.…cat`` or ``X_….cat``."""
    cubes = {
        cube: owner.archive_id
        for owner in owners.values()
        for cube in owner.reduced
        if without_copy_mark(file.stem) == cube.stem or file.stem.startswith(f"{cube.stem}_")
    }
    longest = max((len(cube.stem) for cube in cubes), default=0)
    near = nearest(file, [cube for cube in cubes if len(cube.stem) == longest])
    found = {cubes[cube] for cube in near}
    if len(found) > 1:
        return _ambiguous(file, list(found), "by the cube's name")
    return found.pop() if found else _nobody(file, f"no cube called {file.stem}.fits")


def _owner_of_raman(
    file: FoundFile,
    starts: Mapping[str, dt.datetime],
    headers: Headers,
    own_issues: dict[str, list[Issue]],
) -> str | Issue | None:
    identity = headers.identity(file)
    if identity is None:
        return None
    given = {"DATE-OBS": identity.start_utc, "MJD-OBS": identity.mjd_utc}
    times = {keyword: time for keyword, time in given.items() if time is not None}
    if not times:
        return _nobody(file, "its header has neither DATE-OBS nor MJD-OBS")
    found = {keyword: _near(starts, time) for keyword, time in times.items()}
    owners = {owner for some in found.values() for owner in some}
    if len(owners) > 1:
        keywords = " and ".join(keyword for keyword, some in found.items() if some)
        return _ambiguous(file, sorted(owners), f"by {keywords} within {RAMAN_TOLERANCE_S:g} s")
    first = next(iter(times.values()))
    if not owners:
        start = f"{first.isoformat(sep=' ')} UTC"
        return _nobody(file, f"none starts within {RAMAN_TOLERANCE_S:g} s of {start}")
    owner = owners.pop()
    apart = max(abs((time - first).total_seconds()) for time in times.values())
    if apart > RAMAN_TOLERANCE_S:
        own_issues[owner].append(_disagree(file, times, next(k for k in times if found[k])))
    return owner


def _disagree(file: FoundFile, times: Mapping[str, dt.datetime], taken: str) -> Issue:
    both = " and ".join(f"{k} is {time.isoformat(sep=' ')} UTC" for k, time in times.items())
    why = (
        f"its {both}: it is taken for the exposure that starts at its {taken}; correct the other "
        "keyword"
    )
    return Issue("warning", "times_disagree", why, str(file))


def _near(starts: Mapping[str, dt.datetime], time: dt.datetime) -> list[str]:
    """Return the exposures that start nearest to a time, within the tolerance."""
    distances = {key: abs((start - time).total_seconds()) for key, start in starts.items()}
    best = min(distances.values(), default=0.0)
    return [key for key, distance in distances.items() if distance == best <= RAMAN_TOLERANCE_S]


def _start_of(owner: Group, headers: Headers) -> dt.datetime | None:
    for file in (*owner.reduced, *owner.raws):
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
