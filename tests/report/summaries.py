"""A warehouse of many exposures that holds only what the report reads: summaries, no samples."""

import datetime as dt
from collections import defaultdict
from typing import Any

import numpy as np
import sqlalchemy as sa

from aomuse.metrics import metric_of
from aomuse.metrics.metric import WAVELENGTHS_NM
from aomuse.metrics.registering import register_metrics
from aomuse.models import Base

TABLES = Base.metadata.tables
FIRST = dt.datetime(2018, 1, 5, 2)
MODES = ("WFM-AO-N", "WFM-AO-E", "WFM-NOAO-N", "NFM-AO-N")
TARGETS = 40
#: Every so many-th exposure has no source file, or a raw file that cannot be read.
WITHOUT_PSF, BROKEN_RAW = 7, 50
#: Layers of the wavelengths at which predictions are compared, nm.
SHOWN_LAYERS = {200: 500, 1800: 700, 3400: 900}
WINDOWS_NM = tuple(500.0 + 46 * i for i in range(10))


def fill(engine: sa.Engine, exposures: int) -> None:
    """Add exposures, ten a night and a night every other day, in all modes."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def add(table: str, **values: Any) -> None:
        rows[table].append(values)

    generator = np.random.default_rng(1)
    run = dict.fromkeys(TABLES["load_run"].columns.keys(), 0)
    text = dict.fromkeys(("root", "host", "aomuse_version", "schema_revision"), "")
    text |= {"command": "load", "outcome": "complete"}
    add("load_run", **run | text | {"id": 1, "started_utc": FIRST, "finished_utc": None})
    for i in range(TARGETS):
        add("target", id=i + 1, name=f"NGC {6000 + i}")
    for i in range(exposures):
        number = i + 1
        mode = MODES[i % 10 % 4]
        start = FIRST + dt.timedelta(days=2 * (i // 10), minutes=25 * (i % 10))
        seeing = float(generator.uniform(0.4, 1.4))
        add("exposure", id=number, target_id=int(generator.integers(TARGETS)) + 1,
            archive_id=f"MUSE.{start:%Y-%m-%dT%H:%M:%S}.000", instrument_mode=mode,
            date_obs_utc=start, exposure_time_s=600.0, seeing_start_arcsec=seeing,
            seeing_end_arcsec=seeing, airmass_start=1.1, airmass_end=1.1,
            ground_layer_fraction=0.7)  # fmt: skip
        _files(add, number, mode)
        _metrics(add, number, mode, seeing, generator)
    register_metrics(engine)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in rows:
                connection.execute(sa.insert(table), rows[table.name])


def _files(add: Any, number: int, mode: str) -> None:
    def add_issue(severity: str, code: str, path: str, message: str) -> None:
        add("load_issue", load_run_id=1, exposure_id=number, extension_name=None,
            severity=severity, code=code, path=path, message=message)  # fmt: skip

    for place, role in enumerate(("reduced", "raw", "prm", "psf")):
        if role == "psf" and number % WITHOUT_PSF == 0:
            path = f"/night/analysis/CUBE_{number}.prm.fits"
            add_issue("warning", "psf_missing", path, "there is no source file beside it")
            continue
        broken = role == "raw" and number % BROKEN_RAW == 0
        path = f"/night/{role}/{number}.fits"
        add("source_file", id=4 * number + place, exposure_id=number, load_run_id=1, role=role,
            name=f"{number}.fits", path=path, size_bytes=1, mtime_ns=1, sha256=None,
            outcome="failed" if broken else "loaded")  # fmt: skip
        if broken:
            add_issue("error", "truncated", path, "the file is cut short")
    tables = ("ASM_DATA", "SGS_DATA", "AG_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
    of_mode = tables if "NOAO" not in mode else tables[:3]
    for place, name in enumerate(("PM_3", *(of_mode if number % BROKEN_RAW else ()))):
        add("header", id=10 * number + place, exposure_id=number, source_file_id=4 * number + 1,
            hdu_index=place + 1, extension_name=name, hdu_type="binary_table", dimensions="",
            card_count=0, card_images=b"")  # fmt: skip


def _metrics(add: Any, number: int, mode: str, seeing: float, generator: Any) -> None:
    ao = "NOAO" not in mode
    sharp = 0.05 if mode.startswith("NFM") else seeing * (0.7 if ao else 1.0)
    scale = 0.025 if mode.startswith("NFM") else 0.2

    def fwhm(wavelength_nm: float) -> float:
        return sharp * (wavelength_nm / 700) ** -0.2

    def add_values(table: str, values: dict[str, float | None], **keys: int) -> None:
        for name, value in values.items():
            reason = "there is no SPARTA_ATM_DATA" if value is None else None
            add(table, **keys, metric_id=metric_of(name).id, value=value, reason=reason)

    quality = seeing * 0.8 if ao else None
    values = {"seeing": seeing, "airmass": 1.1, "seeing_los": seeing * 1.06}
    if ao:
        values |= {"sparta_l0_mean": 20 + seeing, "lasers_on": 4.0}
        values |= {f"iq_los_{nm}nm": quality for nm in WAVELENGTHS_NM}
    add_values("exposure_metric", values | {"sparta_iq_los_500nm": quality}, exposure_id=number)
    add("psf_fit", id=number, exposure_id=number, name=f"CUBE_{number}", model="moffat",
        layer_count=3681, first_wavelength_nm=475, wavelength_step_nm=1 / 8)  # fmt: skip
    for nm in WAVELENGTHS_NM:
        shape = {f"fwhm_{nm}nm": fwhm(nm), f"beta_{nm}nm": 2.4}
        add_values("psf_fit_metric", shape, psf_fit_id=number)
    for layer, nm in SHOWN_LAYERS.items():
        add("psf_layer", psf_fit_id=number, layer=layer, wavelength_nm=nm)
        for name, value in (("fwhm", fwhm(nm) / scale), ("beta", 2.4)):
            add("psf_parameter", psf_fit_id=number, parameter=name, layer=layer, value=value)
    for star in (3, 17):
        add("source", psf_fit_id=number, pampelmuse_id=star, sample_count=9,
            header_id=10 * number)  # fmt: skip
        add("psf_field", psf_fit_id=number, wavelength_window_id=4, pampelmuse_id=star,
            x_pixel=150.0 + star, y_pixel=150.0 - star, axis_x_pixel=150.0, axis_y_pixel=150.0,
            snr=90.0, layer_count=9, fwhm_pixel=sharp / scale + 0.01,
            psf_fwhm_pixel=sharp / scale)  # fmt: skip
    for index, nm in enumerate(WINDOWS_NM):
        add("psf_window", psf_fit_id=number, version="corrected", window_index=index,
            first_layer=368 * index, last_layer=368 * index + 367, layer_count=368,
            wavelength_nm=nm, beta=2.8 - nm / 2000, fwhm_pixel=fwhm(nm) / scale)  # fmt: skip
    for lgs in (1, 2, 3, 4) if ao else ():
        strehl = float(generator.uniform(15, 35)) * (1 if sharp < 0.1 else 0.005)
        laser = {"laser_on": 1.0, "strehl_mean": strehl, "r0_mean": 0.1 / seeing + lgs / 1000}
        add("exposure_laser", exposure_id=number, lgs=lgs, **laser)
        add_values("exposure_laser_metric", laser, exposure_id=number, lgs=lgs)
    if mode.startswith("WFM-AO"):
        add("psf_prediction", exposure_id=number, package="muse-psfr", package_version="1.0",
            predicted_utc=FIRST, reason=None)  # fmt: skip
        for row, nm in enumerate(WAVELENGTHS_NM):
            add("psf_prediction_layer", exposure_id=number, row_index=row,
                wavelength_nm=float(nm), fwhm_arcsec=seeing * 0.75, beta=2.2)  # fmt: skip
