"""Put the files of each exposure together; report what is missing, duplicated or left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aomuse.discover import companions
from aomuse.discover.analyses import pair_analyses, report_duplicate
from aomuse.discover.archive_names import archive_id_of
from aomuse.discover.cubes import derived_issue, fits_of, is_copy, one_of_each, ranked
from aomuse.discover.duplicates import in_order, keep_first, nearest, report_farther
from aomuse.discover.group import Group
from aomuse.discover.headers import Headers, Recall
from aomuse.discover.tree import walk
from aomuse.exchange.files import Discovery, ExposureFiles, FitFiles, FoundFile
from aomuse.exchange.issue import Issue

_KINDS = {
    "reduced": "the reduced cube",
    "raw": "the raw file",
    "prm": "the PampelMuse parameter file",
    "psf": "the PampelMuse source file",
}


def discover(roots: Sequence[Path], recall: Recall = lambda _: None) -> Discovery:
    """Find the exposures below the roots."""
    found, issues = walk(roots)
    headers = Headers(recall, issues)
    left_out: list[tuple[FoundFile, str]] = []
    by_role = _by_role(found, headers, left_out)
    groups: dict[str, Group] = {}
    refused, combined = _collect_reduced(by_role["reduced"], groups, headers, left_out)
    _collect_raw(by_role["raw"], groups, headers)
    analyses = pair_analyses(by_role["prm"], by_role["psf"], by_role["reduced"], issues)

    by_cube: dict[FoundFile | None, list[FitFiles]] = defaultdict(list)
    for fit in analyses:
        if fit.reduced in combined:
            analysed = [file for file in (fit.prm, fit.psf) if file]
            left_out += [(file, "the analysis of a combined cube") for file in analysed]
        else:
            by_cube[None if fit.reduced in refused else fit.reduced].append(fit)
    near, more = companions.attach(companions.of_roles(by_role), groups, headers, left_out)
    exposures = []
    for key in sorted(groups):
        files = _exposure(groups[key], by_cube, issues)
        both = (*files.issues, *more.get(key, ()))
        exposures.append(replace(files, companions=tuple(near.get(key, ())), issues=both))
    exposures += [
        ExposureFiles(None, fits=(fit,), issues=(_missing("reduced", fit.name, fit.path),))
        for fit in _without_copies(by_cube, issues)
    ]
    read = {f: (headers.folder_roles.get(f, f.role), i) for f, i in headers.read.items()}
    return Discovery(exposures, issues, left_out, read, found)


def _without_copies(
    by_cube: dict[FoundFile | None, list[FitFiles]], issues: list[Issue]
) -> list[FitFiles]:
    """Return the analyses without a cube that are not copies of one that has its cube."""
    strays = by_cube[None]
    by_size: dict[int, list[FitFiles]] = defaultdict(list)
    if strays:
        for fit in (fit for cube, fits in by_cube.items() if cube for fit in fits):
            for file in (fit.prm, fit.psf):
                if file:
                    by_size[file.size].append(fit)
    own = []
    for fit in strays:
        anchor = fit.prm or fit.psf
        assert anchor is not None
        twin = next((other for other in by_size[anchor.size] if is_copy(other, fit)), None)
        if twin is None:
            own.append(fit)
        else:
            report_duplicate(twin, fit, issues)
    return own


def join(
    files: ExposureFiles,
    others: Sequence[FoundFile],
    archive_id: str | None,
    raw_file: str | None,
) -> ExposureFiles:
    """Return an exposure together with its files below other roots."""
    together = sorted({*files.files, *others}, key=lambda file: file.path)
    by_role: dict[str, list[FoundFile]] = defaultdict(list)
    for file in together:
        by_role[file.role].append(file)
    issues: list[Issue] = [i for i in files.issues if not i.code.endswith("_missing")]
    analyses = pair_analyses(by_role["prm"], by_role["psf"], by_role["reduced"], issues)
    archive_id = files.archive_id or archive_id
    if archive_id is None:
        missing = (_missing("reduced", fit.name, fit.path) for fit in analyses)
        return ExposureFiles(None, fits=tuple(analyses), issues=(*issues, *missing))
    group = Group(archive_id, files.raw_file or raw_file, by_role["reduced"], by_role["raw"])
    by_cube: dict[FoundFile | None, list[FitFiles]] = defaultdict(list)
    for fit in analyses:
        by_cube[fit.reduced].append(fit)
    joined = _exposure(group, by_cube, issues)
    return replace(
        joined,
        fits=(*joined.fits, *by_cube.get(None, [])),
        companions=tuple(companions.choose(companions.of_roles(by_role), group.anchor, issues)),
        issues=(*issues, *joined.issues),
    )


def _by_role(
    files: list[FoundFile], headers: Headers, left_out: list[tuple[FoundFile, str]]
) -> dict[str, list[FoundFile]]:
    """Sort files by role; a raw file that a cube names is not opened for that."""
    by_role: dict[str, list[FoundFile]] = defaultdict(list)
    raws: list[FoundFile] = []
    for file in files:
        if file.role == "raw":
            raws.append(file)
        elif file.role in ("reduced", "unknown", "raman"):
            _sort(file, headers, by_role, left_out)
        else:
            by_role[file.role].append(file)
    named = {
        identity.archive_id
        for cube in by_role["reduced"]
        if (identity := headers.identity(cube)) and not identity.combined
    }
    for file in raws:
        if archive_id_of(file.name) in named:
            by_role["raw"].append(file)
        else:
            _sort(file, headers, by_role, left_out)
    # Files whose header gave the role were appended last.
    return defaultdict(list, {r: sorted(f, key=lambda f: f.path) for r, f in by_role.items()})


def _sort(
    file: FoundFile,
    headers: Headers,
    by_role: dict[str, list[FoundFile]],
    left_out: list[tuple[FoundFile, str]],
) -> None:
    identity = headers.identity(file)
    if identity is None:
        # The folder says what would be missing.
        by_role[file.role].append(file)
    elif identity.left_out:
        left_out.append((file, identity.left_out))
    else:
        role = identity.role or file.role
        by_role[role].append(file if role == file.role else headers.renamed(file, role))


def _no_archive_id(file: FoundFile, keywords: str) -> Issue:
    why = (
        f"the primary header has no {keywords} that names an exposure, so its exposure is unknown: "
        "make the file again with its provenance, or take it out of the folder if it is something "
        "else"
    )
    return Issue("error", "no_archive_id", why, str(file))


def _collect_reduced(
    files: list[FoundFile],
    groups: dict[str, Group],
    headers: Headers,
    left_out: list[tuple[FoundFile, str]],
) -> tuple[set[FoundFile | None], set[FoundFile | None]]:
    """Put reduced cubes into groups; return those that cannot be used, and the combined ones."""
    refused: set[FoundFile | None] = set()
    combined: set[FoundFile | None] = set()
    for file in files:
        identity = headers.identity(file)
        if identity is not None and identity.combined is not None:
            left_out.append((file, identity.combined))
            combined.add(file)
            continue
        if identity is not None and identity.archive_id is None:
            headers.issues.append(_no_archive_id(file, "PROV1 or ARCFILE"))
        elif identity is not None and identity.archive_id is not None:
            group = groups.setdefault(identity.archive_id, Group(identity.archive_id))
            conflict = _conflict(file, group, headers)
            if conflict is None:
                group.reduced.append(file)
                group.raw_file = group.raw_file or identity.raw_file
                continue
            headers.issues.append(conflict)
        refused.add(file)
    return refused, combined


def _conflict(file: FoundFile, group: Group, headers: Headers) -> Issue | None:
    """Return an issue if a cube cannot belong to the same exposure as the group's first."""
    if not group.reduced:
        return None
    first = group.reduced[0]
    names = ("DATE-OBS", "ESO INS MODE", "target")
    values = zip(names, headers.whole(first).facts, headers.whole(file).facts, strict=True)
    differences = [f"{name} {a!r} there, {b!r} here" for name, a, b in values if a != b]
    if not differences:
        return None
    why = (
        f"it names the same exposure {group.archive_id} as {first}, but differs from it "
        f"({'; '.join(differences)}): correct PROV1 in one of the two"
    )
    return Issue("error", "duplicate_archive_id", why, str(file))


def _collect_raw(files: list[FoundFile], groups: dict[str, Group], headers: Headers) -> None:
    """Put raw files into groups: by name where a cube names them, else by their own header."""
    for file in files:
        named = archive_id_of(file.name)
        if named in groups and groups[named].reduced:
            groups[named].raws.append(file)
            continue
        identity = headers.identity(file)
        if identity is None:
            continue
        if identity.archive_id is None:
            headers.issues.append(_no_archive_id(file, "ARCFILE"))
        else:
            key = identity.archive_id
            groups.setdefault(key, Group(key)).raws.append(file)


def _exposure(
    group: Group, by_cube: dict[FoundFile | None, list[FitFiles]], issues: list[Issue]
) -> ExposureFiles:
    kept = one_of_each(group.reduced, by_cube, issues)
    reduced = ranked(kept.values())
    raws = nearest(reduced[0], group.raws) if reduced else group.raws
    report_farther(raws, group.raws, issues)
    raw = keep_first(in_order(raws), lambda _: group.archive_id, issues)
    fits = fits_of(kept, reduced, by_cube, issues)
    missing = []
    if not reduced:
        # Below a root of its own, an analysis has its exposure's name from the database.
        places = [*map(str, raw), *(fit.path for fit in by_cube.get(None, ()))]
        missing.append(_missing("reduced", group.archive_id, next(iter(places), "")))
    elif not raw:
        missing.append(_missing("raw", group.raw_file or group.archive_id, str(reduced[0])))
    missing += [derived_issue(cube, reduced[0]) for cube in reduced[1:]]
    missing += [
        _missing("prm", f"{cube.stem}.prm.fits", str(cube))
        for cube in reduced[:1]
        if not any(fit.reduced == cube for fit in fits)
    ]
    for fit in fits:
        if fit.prm is None:
            missing.append(_missing("prm", f"{fit.name}.prm.fits", fit.path))
        if fit.psf is None:
            missing.append(_missing("psf", f"{fit.name}.psf.fits", fit.path))
    return ExposureFiles(
        group.archive_id,
        group.raw_file,
        tuple(reduced),
        raw[0] if raw else None,
        tuple(fits),
        tuple(missing),
    )


def _missing(role: str, name: str, path: str) -> Issue:
    why = (
        f"{_KINDS[role]} that belongs to it ({name}) was not found: the rest is loaded, and a "
        "later load completes the exposure"
    )
    return Issue("warning", f"{role}_missing", why, path)
