"""Pair PampelMuse's files with each other and with the cube that they analyse."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from aomuse.discover.duplicates import keep_first, nearest
from aomuse.exchange.files import FitFiles, FoundFile
from aomuse.exchange.issue import Issue
from aomuse.muse.psf_models import MODELS


def pair_analyses(
    prms: list[FoundFile], psfs: list[FoundFile], cubes: list[FoundFile], issues: list[Issue]
) -> list[FitFiles]:
    """Return the analyses, each with its cube if there is one."""
    together: dict[tuple[object, ...], FitFiles] = {}
    for file in [*prms, *psfs]:
        key = (file.path.parent, file.stem)
        fit = together.setdefault(key, FitFiles(file.stem, _model(file)))
        other: FoundFile | None = getattr(fit, file.role)
        if other is None:
            together[key] = replace(fit, prm=file) if file.role == "prm" else replace(fit, psf=file)
        else:
            # X.prm.fits and X.prm.fits.fz side by side.
            keep_first([other, file], lambda f: f.stem, issues)
    fits = _join_strays(list(together.values()))

    by_stem: dict[str, list[FoundFile]] = defaultdict(list)
    for cube in cubes:
        by_stem[cube.stem].append(cube)
    placed: dict[tuple[FoundFile | None, str | None, str], FitFiles] = {}
    for fit in fits:
        anchor = fit.prm or fit.psf
        assert anchor is not None
        near = nearest(anchor, by_stem[fit.name])
        candidates = keep_first(near, lambda file: file.stem, issues)
        with_cube = replace(fit, reduced=candidates[0] if candidates else None)
        place = (with_cube.reduced, fit.model, fit.name if with_cube.reduced else fit.path)
        kept = placed.setdefault(place, with_cube)
        if kept is not with_cube:
            report_duplicate(kept, with_cube, issues)
    return list(placed.values())


def _model(file: FoundFile) -> str | None:
    """Return the model in the name of the innermost folder that names exactly one."""
    for folder in reversed(file.folder):
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
            keep_first(files, lambda file: file.stem, issues)
        elif getattr(other, role):
            why = (
                f"it belongs to an analysis of the same cube as {kept.path}, which is loaded: "
                "remove one of the two, or put them into folders named after their PSF models"
            )
            issues.append(Issue("error", "duplicate_analysis", why, str(getattr(other, role))))
