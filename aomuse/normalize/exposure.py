"""An exposure as frames: the order of the tables."""

from __future__ import annotations

from dataclasses import replace

from aomuse.exchange.content import ExposureContent, FileContent
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.issue import Issue
from aomuse.muse.expected import TELEMETRY, expected
from aomuse.normalize.analyses import add_fits
from aomuse.normalize.draft import Draft
from aomuse.normalize.exposure_row import exposure_row
from aomuse.normalize.fit import ADVICE, Fit, read_fit
from aomuse.normalize.headers import add_files_and_headers
from aomuse.normalize.night_log import add_night_log
from aomuse.normalize.pixel_scale import check_pixel_scale
from aomuse.normalize.telemetry import add_telemetry

_CHANNELS = [f"CHAN{i:02d}" for i in range(1, 25)]


def normalize(content: ExposureContent) -> NormalizedExposure:
    """Turn an exposure's files into frames, one for each table."""
    issues = list(content.issues)
    fits = [read_fit(number, fit) for number, fit in enumerate(content.fits)]
    content = _refuse_strangers(content, fits, issues)
    target, row = exposure_row(content, issues)
    out = NormalizedExposure(content.archive_id, target, row, failed=content.failed, issues=issues)
    draft = Draft(content, out)
    for file in (*content.reduced, *content.companions):
        draft.store_other_tables(file)
        if file.night_log:
            add_night_log(draft, file, file.night_log)
    for cube in content.reduced:
        check_pixel_scale(draft, cube)
    if content.raw:
        _add_raw(draft, content.raw)
    add_fits(draft, fits)
    # Headers come first in the database, but have the layouts of the tables.
    add_files_and_headers(draft)
    return out


def _refuse_strangers(
    content: ExposureContent, fits: list[Fit], issues: list[Issue]
) -> ExposureContent:
    """Leave out a source file whose layers are not those of its parameter file."""
    failed = list(content.failed)
    for fit in fits:
        prm, psf, spectra = fit.content.prm, fit.content.psf, fit.wavelength_nm
        if prm is None or psf is None or spectra is None:
            continue
        counts = fit.source_layers()
        if counts <= {len(spectra)}:
            continue
        shown = " and ".join(str(count) for count in sorted(counts))
        message = (
            f"its sources have {shown} layers, but {prm.name} has {len(spectra)}: the two files "
            f"are not of one analysis; {ADVICE}"
        )
        issues.append(Issue("error", "layers_disagree", message, psf.path))
        failed.append(psf.found)
        fit.content = replace(fit.content, psf=None)
    return replace(content, fits=tuple(fit.content for fit in fits), failed=tuple(failed))


def _add_raw(draft: Draft, raw: FileContent) -> None:
    seen: set[str] = set()
    for hdu in raw.hdus:
        if hdu.table is not None:
            add_telemetry(draft, raw, hdu, first=hdu.key not in seen)
            seen.add(hdu.key)
        elif hdu.key in TELEMETRY:
            message = "it is not a table: its header is loaded, and there are no rows"
            draft.issue("error", "wrong_type", message, raw, hdu.name)
            seen.add(hdu.key)
    names = {hdu.key for hdu in raw.hdus}
    mode = draft.out.exposure["instrument_mode"]
    missing = [name for name in expected(TELEMETRY, mode) if name not in seen]
    if missing:
        message = (
            f"the file has no {', '.join(missing)}, which other files of {mode or 'MUSE'} have: "
            "there are no rows for it"
        )
        draft.issue("note", "extension_missing", message, raw)
    channels = [name for name in _CHANNELS if name not in names]
    if channels:
        message = (
            f"the file has no {', '.join(channels)}: every raw exposure has 24 channels, so parts "
            "of it are missing; get the file again"
        )
        draft.issue("warning", "channels_missing", message, raw)
