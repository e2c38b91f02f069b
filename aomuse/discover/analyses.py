"""Pair PampelMuse's files with each other and with the cube they analyse."""

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
    """Return the analyses, each with its cube."""
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
        found = replace(fit, reduced=candidates[0] if candidates else None)
        place = (found.reduced, found.model, found.name if found.reduced else found.path)
        kept = placed.setdefault(place, found)
        if kept is not found:
            tell_double(kept, found, issues)
    return list(placed.values())


def _model(file: FoundFile) -> str | None:
    """Return the model that the innermost folder tells which names one, and one only."""
    for folder in reversed(file.folder):
        named = [model for model in MODELS if model in folder.lower()]
        if len(named) == 1:
            return named[0]
    return None


def _join_strays(fits: list[FitFiles]) -> list[FitFiles]:
    """Join a parameter file and a source file of one name that lie in different folders."""
    whole = [fit for fit in fits if fit.prm and fit.psf]
    prms = [fit for fit in fits if fit.psf is None]
    psfs = [fit for fit in fits if fit.prm is None]
    for fit in prms:
        partners = [p for p in psfs if p.name == fit.name and p.model in (fit.model, None)]
        same = [p for p in prms if p.name == fit.name]
        if len(partners) == len(same) == 1:
            psfs.remove(partners[0])
            whole.append(replace(fit, psf=partners[0].psf))
        else:
            whole.append(fit)
    return sorted([*whole, *psfs], key=lambda fit: fit.path)


def tell_double(kept: FitFiles, other: FitFiles, issues: list[Issue]) -> None:
    """Tell of an analysis that stands for the same as another one."""
    for role in ("prm", "psf"):
        files = [file for file in (getattr(kept, role), getattr(other, role)) if file]
        if len(files) == 2:
            keep_first(files, lambda file: file.stem, issues)
        elif getattr(other, role):
            issues.append(
                Issue(
                    "error",
                    "duplicate_analysis",
                    f"it belongs to an analysis of the same cube as {kept.path}, which is loaded: "
                    "remove one of the two, or put them into folders named after their PSF models",
                    str(getattr(other, role)),
                )
            )
