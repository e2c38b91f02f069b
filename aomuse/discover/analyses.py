"""Pair PampelMuse's files with each other and with the cube that they analyse."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from aomuse.discover.archive_names import without_copy_mark
from aomuse.discover.duplicates import in_order, keep_first, nearest
from aomuse.discover.identity import read_psf_profile
from aomuse.exchange.files import FitFiles, FoundFile
from aomuse.exchange.issue import Issue
from aomuse.muse.psf_models import MODELS


def pair_analyses(
    prms: list[FoundFile], psfs: list[FoundFile], cubes: list[FoundFile], issues: list[Issue]
) -> list[FitFiles]:
    """Return the analyses, each with its cube if there is one."""
    rivals: dict[tuple[Path, str], dict[str, list[FoundFile]]] = {}
    stems = {file.stem for file in (*prms, *psfs, *cubes)}
    with_cube = {cube.stem for cube in cubes}
    for file in (*prms, *psfs):
        # X (1) without a cube of its own is a copy of X.
        bare = without_copy_mark(file.stem)
        name = bare if file.stem not in with_cube and bare in stems else file.stem
        by_role = rivals.setdefault((file.path.parent, name), {"prm": [], "psf": []})
        by_role[file.role].append(file)
    fits = []
    for (_, name), by_role in rivals.items():
        # X.prm.fits and X.prm.fits.fz side by side.
        kept = {role: keep_first(in_order(f), lambda _: 0, issues) for role, f in by_role.items()}
        prm, psf = (next(iter(kept[role]), None) for role in ("prm", "psf"))
        fits.append(FitFiles(name, _model(prm or psf), prm, psf))
    return _with_cubes(_join_strays(fits), cubes, issues)


def _with_cubes(
    fits: list[FitFiles], cubes: list[FoundFile], issues: list[Issue]
) -> list[FitFiles]:
    by_stem: dict[str, list[FoundFile]] = defaultdict(list)
    for cube in cubes:
        by_stem[cube.stem].append(cube)
    for cube in cubes:
        bare = without_copy_mark(cube.stem)
        if bare not in by_stem:
            by_stem[bare] = [c for c in cubes if without_copy_mark(c.stem) == bare]
    placed: dict[tuple[FoundFile | str | None, ...], FitFiles] = {}
    for fit in fits:
        anchor = fit.prm or fit.psf
        assert anchor is not None
        near = nearest(anchor, by_stem.get(fit.name, []))
        candidates = keep_first(in_order(near), lambda file: file.stem, issues)
        with_cube = replace(fit, reduced=candidates[0] if candidates else None)
        place = (with_cube.reduced, fit.model, fit.name if with_cube.reduced else fit.path)
        kept = placed.setdefault(place, with_cube)
        if kept is with_cube:
            continue
        models = _profile(kept), _profile(with_cube)
        if None not in models and models[0] != models[1]:
            # The folders do not tell two fits of a cube apart, but PampelMuse's headers do.
            placed[place] = replace(kept, model=models[0])
            placed[(*place, models[1])] = replace(with_cube, model=models[1])
        else:
            report_duplicate(kept, with_cube, issues)
    return list(placed.values())


def _profile(fit: FitFiles) -> str | None:
    return next(filter(None, (read_psf_profile(f) for f in (fit.prm, fit.psf) if f)), None)


def _model(file: FoundFile | None) -> str | None:
    """Return the model in the name of the innermost folder that names exactly one."""
    for folder in reversed(file.folder if file else ()):
        named = [model for model in MODELS if model in folder.lower()]
        if len(named) == 1:
            return named[0]
    return None


def _join_strays(fits: list[FitFiles]) -> list[FitFiles]:
    """Join a parameter file and a source file of one name from different folders."""
    complete = [fit for fit in fits if fit.prm and fit.psf]
    prms = [fit for fit in fits if fit.psf is None]
    psfs = [fit for fit in fits if fit.prm is None]
    for fit in prms:
        partners = [p for p in psfs if p.name == fit.name and p.model in (fit.model, None)]
        same = [p for p in prms if p.name == fit.name]
        if len(partners) == len(same) == 1:
            psfs.remove(partners[0])
            complete.append(replace(fit, psf=partners[0].psf))
        else:
            complete.append(fit)
    return sorted([*complete, *psfs], key=lambda fit: fit.path)


def report_duplicate(kept: FitFiles, other: FitFiles, issues: list[Issue]) -> None:
    """Report the files of an analysis that has the same cube and model as the one kept."""
    for role in ("prm", "psf"):
        files = [file for file in (getattr(kept, role), getattr(other, role)) if file]
        if len(files) == 2:
            keep_first(files, lambda _: kept.name, issues)
        elif getattr(other, role):
            why = (
                f"it belongs to an analysis of the same cube as {kept.path}, which is loaded: "
                "remove one of the two, or put them into folders named after their PSF models"
            )
            issues.append(Issue("error", "duplicate_analysis", why, str(getattr(other, role))))
