"""Write a tree of files, exposure by exposure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from aomuse.errors import AomuseError
from aomuse.simulate.companions import catalog, night_log, raman
from aomuse.simulate.maoppy import MaoppyFit
from aomuse.simulate.observation import Observation, observe
from aomuse.simulate.pampelmuse import Fit
from aomuse.simulate.random_streams import Stream, generator
from aomuse.simulate.raw import raw
from aomuse.simulate.reduced import reduced
from aomuse.simulate.stars import draw_stars


class SimulateError(AomuseError):
    """A wrong number or folder."""


@dataclass(frozen=True)
class SimulatedExposure:
    """The files of one exposure.

    Attributes
    ----------
    target, mode : str
        Target and instrument mode.
    reduced, raw, prm, psf : Path
        The reduced cube, the raw file and the two PampelMuse files.
    night_log, catalog : Path
        The night log, and the catalogue that PampelMuse started from.
    raman : Path or None
        The header of the Raman images, where lasers were on.
    maoppy_prm, maoppy_psf : Path or None
        The second analysis of a narrow-field cube, with another PSF model.
    """

    target: str
    mode: str
    reduced: Path
    raw: Path
    prm: Path
    psf: Path
    night_log: Path
    catalog: Path
    raman: Path | None
    maoppy_prm: Path | None
    maoppy_psf: Path | None


def simulate(
    out: Path,
    *,
    exposures: int = 6,
    sources: int = 20,
    layers: int = 3681,
    seed: int = 1,
    clean: bool = False,
    report: Callable[[str], None] | None = None,
) -> list[SimulatedExposure]:
    """Write a synthetic, valid tree of MUSE files.

    Parameters
    ----------
    out : Path
        Folder to fill with ``single/``, ``raw/`` and ``analysis/``; new or empty.
    exposures : int, optional
        Number of exposures; more than a night's go on in the following nights.
    sources : int, optional
        PSF stars of each cube, each with a table `PM_…` of its own. Spectra are extracted of
        as many fainter stars again, which SOURCES and SPECTRA of the parameter file hold.
    layers : int, optional
        Wavelength layers, 0.125 nm each from 475 nm; 3,681 reach 935 nm.
    seed : int, optional
        Seed; the same arguments give the same bytes, and fewer exposures the same first ones.
    clean : bool, optional
        Leave out the zeros, NaN and outliers that the telemetry of lasers has, as real one does.
    report : callable, optional
        Called with a line for each exposure that is complete.

    Returns
    -------
    list of SimulatedExposure
        The files, exposure by exposure.

    Raises
    ------
    SimulateError
        If a number is too small or `out` is not an empty folder.
    """
    for name, value, least in (
        ("exposures", exposures, 1), ("sources", sources, 0), ("layers", layers, 1),
        ("seed", seed, 0),
    ):  # fmt: skip
        if value < least:
            raise SimulateError(f"{name} is {value}: give {least} or more")
    if out.exists() and not out.is_dir():
        raise SimulateError(f"{out} is a file: name a folder that is new or empty")
    if out.is_dir() and any(out.iterdir()):
        raise SimulateError(f"{out} is not empty: name a folder that is new or empty")
    written = []
    for index in range(exposures):
        observation = observe(seed, index, layers)
        files = _files(out, observation)
        _write_exposure(files, observation, sources, clean=clean)
        written.append(files)
        if report is not None:
            report(f"{index + 1}/{exposures} {files.reduced.stem}: {files.target}, {files.mode}")
    return written


def _files(out: Path, observation: Observation) -> SimulatedExposure:
    exposure = observation.exposure
    name, start = exposure.product_name, exposure.archive_name.removesuffix(".fits")
    analysis = out / "analysis"
    second = analysis / "maoppy" if exposure.narrow else None
    images = out / "raman" / f"RAMAN_IMAGES_{exposure.index + 1:04d}.fits"
    return SimulatedExposure(
        target=exposure.slot.target.name,
        mode=exposure.slot.mode,
        reduced=out / "single" / f"{name}.fits",
        raw=out / "raw" / f"{start}.fits.fz",
        prm=analysis / f"{name}.prm.fits",
        psf=analysis / f"{name}.psf.fits",
        night_log=out / "raw" / f"{start}.NL.txt",
        catalog=analysis / f"{name}.detections.cat",
        raman=images if exposure.slot.lasers else None,
        maoppy_prm=second / f"{name}.prm.fits" if second else None,
        maoppy_psf=second / f"{name}.psf.fits" if second else None,
    )


def _write_exposure(
    files: SimulatedExposure, observation: Observation, sources: int, *, clean: bool
) -> None:
    seed, exposure = observation.seed, observation.exposure
    # PampelMuse extracts spectra of more stars than it fits the PSF to.
    stars = draw_stars(exposure, 2 * sources, generator(seed, exposure.index, Stream.STARS))
    write(files.raw, raw(observation, clean=clean))
    write(files.night_log, [night_log(observation)])
    write(files.catalog, [catalog(exposure, stars, sources)])
    if files.raman:
        write(files.raman, [raman(observation)])
    for fit, stream, prm, psf in (
        (Fit, Stream.FITS, files.prm, files.psf),
        (MaoppyFit, Stream.MAOPPY_FITS, files.maoppy_prm, files.maoppy_psf),
    ):
        if prm and psf:
            rng = generator(seed, exposure.index, stream)
            analysis = fit(observation, stars, sources, rng)
            write(prm, analysis.parameters())
            write(psf, analysis.psf_stars())
    # The loader starts from the reduced cube, so it comes when the others are there.
    write(files.reduced, reduced(observation))


def write(path: Path, content: Iterable[bytes]) -> None:
    """Write a file that appears only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("wb") as stream:
        stream.writelines(content)
    unfinished.replace(path)
