"""Views that compare, against the formulae in Python, on rows made for it."""

import datetime as dt
import math

import numpy as np
import pytest
from made_metrics import add_metrics
from warehouse import execute, insert, query

import aomuse
from aomuse.errors import AomuseError
from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.metrics.atmosphere import ARCSEC
from aomuse.metrics.metric import SUPERSEDED
from aomuse.metrics.registering import register_metrics
from aomuse.metrics.wavelength import muse_fwhm, natural_image_quality

START = dt.datetime(2018, 8, 13)
#: Mode, seeing at the zenith, air mass, ground layer, and SPARTA's r0 and L0.
EXPOSURES = {
    1: ("WFM-AO-N", 0.8, 1.2, 0.7, (0.13, 18.0)),
    2: ("WFM-NOAO-N", 0.9, 1.4, 0.6, None),
    3: ("NFM-AO-N", 0.6, 1.1, 0.8, (0.2, 20.0)),
    4: ("WFM-AO-E", None, 1.1, None, (0.15, 12.0)),
}
#: Of laser 1 in each row: it is off in the last one.
GROUND = (0.5, 0.5, 0.0)
FWHM = {nm: 0.6 - 0.0003 * (nm - 500) for nm in WAVELENGTHS_NM}


@pytest.fixture
def db(engine):
    register_metrics(engine)
    insert(engine, "target", {"id": 1, "name": "NGC 3201"})
    fwhm = {f"fwhm_{nm}nm": value for nm, value in FWHM.items()}
    for number, (mode, seeing, airmass, ground, sparta) in EXPOSURES.items():
        begun = START + dt.timedelta(hours=number)
        exposure = {"id": number, "target_id": 1, "archive_id": f"MUSE.{number}",
                    "instrument_mode": mode, "date_obs_utc": begun,
                    "seeing_start_arcsec": seeing, "seeing_end_arcsec": seeing,
                    "airmass_start": airmass, "airmass_end": airmass,
                    "ground_layer_fraction": ground}  # fmt: skip
        insert(engine, "exposure", exposure)
        fit = {"id": number, "exposure_id": number, "name": "x", "model": "moffat"}
        insert(engine, "psf_fit", fit | {"layer_count": 1})
        add_metrics(engine, "psf_fit", number, **fwhm)
        if sparta:
            r0, l0 = sparta
            add_metrics(engine, "exposure", number, sparta_r0_mean=r0, sparta_l0_mean=l0,
                        lasers_on=2.0, sparta_fwhm_gain_mean=1.6)  # fmt: skip
            of = {"exposure_id": number, "lgs": 1}
            samples = [{"row_index": i, "tur_gnd": share} for i, share in enumerate(GROUND)]
            insert(engine, "sparta_atm", *(of | sample for sample in samples))
    return aomuse.connect(engine.url)


def test_the_gain_is_like_for_like(db):
    rows = {(r.exposure_id, r.wavelength_nm): r for r in db.comparison("gain").itertuples()}
    assert set(rows) == {(number, nm) for number in (1, 2, 4) for nm in WAVELENGTHS_NM}
    for (number, nm), row in rows.items():
        _, seeing, airmass, ground, sparta = EXPOSURES[number]
        r0 = 0.976 * 500e-9 * ARCSEC / (seeing * airmass**0.6) if seeing else math.nan
        sparta_r0, l0 = sparta or (math.nan, 22.0)
        natural, of_sparta = (float(natural_image_quality(r, l0, nm)) for r in (r0, sparta_r0))
        muse, delivered = float(muse_fwhm(nm)), FWHM[nm]
        polynomial = math.nan
        if number == 1:
            polynomial = 1.09 + 0.42 * ground - 1.98 * ground**2 + 2.95 * ground**3
        expected = {
            "l0_m": l0,
            "natural_iq_arcsec": natural,
            "gain": math.hypot(natural, muse) / delivered,
            "gain_sparta": math.hypot(of_sparta, muse) / delivered,
            "sparta_fwhm_gain": 1.6 if sparta else math.nan,
            "eso_gain": polynomial,
        }
        found = {name: getattr(row, name) for name in expected}
        assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)
        assert row.delivered_fwhm_arcsec == delivered
        assert not sparta or row.lasers_on == 2


def test_a_comparison_has_filters_columns_and_units(db):
    frame = db.comparison("gain", "instrument_mode", "natural_fwhm_arcsec", mode="WFM-NOAO")
    assert set(frame["instrument_mode"]) == {"WFM-NOAO-N"}
    assert len(frame) == len(WAVELENGTHS_NM)
    assert frame.attrs["units"] == {"natural_fwhm_arcsec": "arcsec"}
    chunks = list(db.comparison("gain", chunk_rows=4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 4, 3]
    with pytest.raises(AomuseError, match="no comparison is named 'gains': did you mean gain"):
        db.comparison("gains")
    with pytest.raises(AomuseError, match="the comparison gain has no column 'gian'"):
        db.comparison("gain", "gian")


def test_a_view_of_an_outer_scale_of_nothing_divides_by_nothing(db, engine):
    nothing = "UPDATE exposure SET airmass_start = 0, airmass_end = 0"
    execute(engine, "UPDATE exposure_metric SET value = 1e-30", nothing)
    assert set(query(engine, "SELECT gain FROM v_gain")) == {(None,)}


def test_the_residual_ledger(db, engine):
    """Of two exposures in one mode: predictions by muse-psfr, and by formula for one of them."""
    execute(
        engine,
        # Analysis 4 is in the mode of analysis 1, at another sharpness.
        "UPDATE exposure SET instrument_mode = 'WFM-AO-N' WHERE id = 4",
        "UPDATE psf_fit_metric SET value = 1.1 * value WHERE psf_fit_id = 4",
    )
    made = {"package": "p", "package_version": "1", "predicted_utc": START}
    for number in (1, 2, 3, 4):
        insert(engine, "psf_prediction", {"exposure_id": number, **made})
        layer = {"exposure_id": number, "fwhm_arcsec": 0.5, "beta": 2.5}
        layers = [layer | {"row_index": nm, "wavelength_nm": nm} for nm in (500, 550, 700)]
        insert(engine, "psf_prediction_layer", *layers)
    add_metrics(engine, "exposure", 1, iq_los_700nm=0.44, iq_los_900nm=0.44)
    add_metrics(engine, "psf_fit", 1, beta_700nm=2.2)
    rows = {(r.psf_fit_id, r.wavelength_nm): r for r in db.comparison("residual").itertuples()}
    assert set(rows) == {(number, nm) for number in (1, 4) for nm in WAVELENGTHS_NM}
    for (number, nm), row in rows.items():
        _, _, airmass, _, (r0, l0) = EXPOSURES[number]
        delivered = FWHM[nm] * (1.1 if number == 4 else 1)
        by_formula = number == 1 and nm in (700, 900)
        expected = {
            "psfr_residual_arcsec": (0.5 if nm in (500, 700) else math.nan) - delivered,
            "iq_residual_arcsec": (0.44 if by_formula else math.nan) - delivered,
            "psfr_beta_residual": 0.3 if (number, nm) == (1, 700) else math.nan,
        }
        found = {name: getattr(row, name) for name in expected}
        assert found == pytest.approx(expected, nan_ok=True)
        assert (row.l0_m, row.lasers_on, row.airmass, row.r0_m) == (l0, 2, airmass, r0)

    summary = query(
        engine,
        "SELECT wavelength_nm, iq_count, iq_scatter_arcsec, psfr_count, psfr_mean_arcsec,"
        " psfr_scatter_arcsec FROM v_residual_summary ORDER BY wavelength_nm",
    )
    assert [row[0] for row in summary] == list(WAVELENGTHS_NM)
    for nm, iq_count, scatter_of_one, *psfr in summary:
        values = np.array([0.5 - FWHM[nm], 0.5 - 1.1 * FWHM[nm]])
        if nm in (500, 700):
            scatter = pytest.approx(values.std(ddof=1), rel=1e-6)
            assert psfr == [2, pytest.approx(values.mean(), rel=1e-9), scatter]
        else:
            assert psfr == [0, None, None]
        assert (iq_count, scatter_of_one) == (int(nm in (700, 900)), None)


def add_maoppy(engine, number, r0_m, amp, bck):
    """Add a MAOPPY analysis of exposure 3, whose parameters scale with wavelength as they do."""
    wavelengths = np.linspace(500, 900, 5)
    scale = wavelengths / 500
    fit = {"id": number, "exposure_id": 3, "name": f"y{number}", "model": "maoppy",
           "layer_count": 5, "first_wavelength_nm": 500, "wavelength_step_nm": 100,
           "fit_rank": 2}  # fmt: skip
    insert(engine, "psf_fit", fit)
    layers = [{"psf_fit_id": number, "layer": i} for i in range(5)]
    known = zip(layers, wavelengths, strict=True)
    insert(engine, "psf_layer", *(layer | {"wavelength_nm": nm} for layer, nm in known))
    curves = {"r0": r0_m * scale**1.2, "amp": amp / scale**2, "bck": bck / scale**2}
    for name, curve in curves.items():
        cells = zip(layers, curve.tolist(), strict=True)
        rows = [layer | {"parameter": name, "value": value} for layer, value in cells]
        insert(engine, "psf_parameter", *rows)
    add_metrics(engine, "psf_fit", number, **{f"fwhm_{nm}nm": None for nm in WAVELENGTHS_NM})


def test_the_strehl_ratio_is_that_of_maoppy(db, engine):
    """The same numbers from the package maoppy 1.7.3, strehlMarechal of muse_nfm on 512 pixels."""
    package = {  # by r0, background, amplitude at their wavelength
        (700, 0.19, 0.006, 1.2): 0.18658253822719925,
        (900, 0.25, 0.004, 0.7): 0.36296271000001396,
        (900, 0.3, 0.002, 0.4): 0.5386918541637145,
    }
    for number, (nm, r0, bck, amp) in enumerate(package, start=20):
        scale = nm / 500
        add_maoppy(engine, number, r0 / scale**1.2, amp * scale**2, bck * scale**2)
    for lgs, value in ((1, 10.0), (2, 12.0)):
        add_laser(engine, 3, lgs, strehl_mean=value)
    rows = {(r.psf_fit_id, r.wavelength_nm): r for r in db.comparison("strehl").itertuples()}
    # Moffat analyses have none.
    assert set(rows) == {(number, nm) for number in (20, 21, 22) for nm in WAVELENGTHS_NM}
    for number, ((nm, r0, bck, amp), strehl) in enumerate(package.items(), start=20):
        row, f = rows[number, nm], 33 / 16
        variance = amp + bck * math.pi * f**2 + 0.0229 * 6 * math.pi / 5 * (r0 * f) ** (-5 / 3)
        assert row.strehl_percent == pytest.approx(100 * math.exp(-variance), rel=1e-9)
        assert row.strehl_percent == pytest.approx(100 * strehl, rel=0.015)
        at_650 = 100 * math.exp(-variance * (nm / 650) ** 2)
        for each in WAVELENGTHS_NM:
            assert rows[number, each].strehl_650nm_percent == pytest.approx(at_650, rel=1e-9)
        assert (row.sparta_strehl_percent, row.airmass) == (11.0, 1.1)
        assert math.isnan(row.header_strehl_percent)
        assert math.isnan(row.theta0_arcsec)


def add_laser(engine, exposure_id: int, lgs: int, **metrics: float) -> None:
    """Store metrics of a laser; it has telemetry, so that it is on or off."""
    values = {metric_of("laser_on", SUPERSEDED).id: 1.0}
    values |= {metric_of(name).id: value for name, value in metrics.items()}
    key = {"exposure_id": exposure_id, "lgs": lgs}
    rows = [{**key, "metric_id": number, "value": value} for number, value in values.items()]
    insert(engine, "exposure_laser_metric", *rows)
    insert(engine, "exposure_laser", {**key, **metrics})
