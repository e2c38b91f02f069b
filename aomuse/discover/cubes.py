"""The cubes of one exposure: copies count once, and what was made from a cube comes after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from aomuse.discover.analyses import report_duplicate
from aomuse.discover.archive_names import without_copy_mark
from aomuse.discover.duplicates import in_order, keep_first, report_copy, same_content
from aomuse.exchange.files import FitFiles, FoundFile
from aomuse.exchange.issue import Issue

#: Analyses by their cube.
ByCube = Mapping[FoundFile | None, Sequence[FitFiles]]


def one_of_each(
    cubes: Sequence[FoundFile], by_cube: ByCube, issues: list[Issue]
) -> dict[FoundFile, FoundFile]:
    """Return for each cube the one that stands for it: of copies, that of the first analysis."""
    if len(cubes) < 2:
        return {cube: cube for cube in cubes}
    kept: dict[FoundFile, FoundFile] = {}
    chosen: list[FoundFile] = []
    for cube in sorted(in_order(cubes), key=lambda cube: cube not in by_cube):
        twin = next((other for other in chosen if same_content(other, cube)), None)
        kept[cube] = twin or cube
        if twin is None:
            chosen.append(cube)
        else:
            report_copy(twin, cube, issues)
    first = {_bare(cube): cube for cube in keep_first(chosen, _bare, issues)}
    return {cube: first[_bare(twin)] for cube, twin in kept.items()}


def _bare(cube: FoundFile) -> str:
    return without_copy_mark(cube.stem)


def ranked(cubes: Iterable[FoundFile]) -> list[FoundFile]:
    """Return the cubes of an exposure; X_ZAP, which was made from X, comes after X."""
    each = sorted(set(cubes), key=lambda cube: cube.path)

    def ancestors(cube: FoundFile) -> int:
        return sum(cube.stem != o.stem and cube.stem.startswith(o.stem) for o in each)

    return sorted(each, key=ancestors)


def derived_issue(cube: FoundFile, first: FoundFile) -> Issue:
    """Return the issue about a further cube of an exposure."""
    why = (
        f"it is a further cube of the exposure of {first}: both are loaded; file_rank and fit_rank "
        "are 1 for the first cube and its analysis, greater for this one"
    )
    return Issue("warning", "further_cube", why, str(cube))


def fits_of(
    kept: Mapping[FoundFile, FoundFile],
    ranks: Sequence[FoundFile],
    by_cube: ByCube,
    issues: list[Issue],
) -> list[FitFiles]:
    """Return the analyses of an exposure's cubes; those of a copy count for the cube kept."""
    fits: dict[tuple[FoundFile, str, str | None], FitFiles] = {}
    for cube, stands in kept.items():
        for fit in by_cube.get(cube, ()):
            analysis = replace(fit, reduced=stands)
            key = stands, without_copy_mark(fit.name), fit.model
            first = fits.setdefault(key, analysis)
            if first is analysis:
                continue
            if (first.prm and analysis.prm) or (first.psf and analysis.psf):
                report_duplicate(first, analysis, issues)
            else:
                prm, psf = first.prm or analysis.prm, first.psf or analysis.psf
                fits[key] = replace(first, prm=prm, psf=psf)
    own: list[FitFiles] = []
    for fit in sorted(fits.values(), key=lambda fit: ranks.index(_cube(fit))):
        twin = next((other for other in own if is_copy(other, fit)), None)
        if twin is None:
            own.append(fit)
        else:
            report_duplicate(twin, fit, issues)
    return own


def _cube(fit: FitFiles) -> FoundFile:
    assert fit.reduced is not None
    return fit.reduced


def is_copy(one: FitFiles, other: FitFiles) -> bool:
    """Return whether an analysis has the files of another one, under other names."""
    pairs = [(one.prm, other.prm), (one.psf, other.psf)]
    both = [(a, b) for a, b in pairs if a and b]
    return (
        one.model == other.model
        and len(both) == sum(b is not None for _, b in pairs) > 0
        and all(same_content(a, b) for a, b in both)
    )
