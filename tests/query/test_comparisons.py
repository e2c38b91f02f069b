"""Views that compare, against the formulae in Python, on rows made for it."""

import datetime as dt
import math

import numpy as np
import pytest
import sqlalchemy as sa
from warehouse import TABLES, execute, query

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
FWHM = {nm: 0.6 - 0.0003 * (nm - 500) for nm in WAVELENGTHS_NM}


@pytest.fixture
def db(engine):
    register_metrics(engine)
    with engine.begin() as connection:

        def add(table, **values):
            connection.execute(sa.insert(TABLES[table]).values(values))

        add("target", id=1, name="NGC 3201")
        for number, (mode, seeing, airmass, ground, sparta) in EXPOSURES.items():
            add("exposure", id=number, target_id=1, archive_id=f"MUSE.{number}",
                instrument_mode=mode, date_obs_utc=START + dt.timedelta(hours=number),
                seeing_start_arcsec=seeing, seeing_end_arcsec=seeing, airmass_start=airmass,
                airmass_end=airmass, ground_layer_fraction=ground)  # fmt: skip
            add("psf_fit", id=number, exposure_id=number, name="x", model="moffat", layer_count=1)
            for nm, fwhm in FWHM.items():
                metric = metric_of(f"fwhm_{nm}nm").id
                add("psf_fit_metric", psf_fit_id=number, metric_id=metric, value=fwhm)
            if sparta is None:
                continue
            values = {"sparta_r0_mean": sparta[0], "sparta_l0_mean": sparta[1], "lasers_on": 2,
                      "sparta_fwhm_gain_mean": 1.6}  # fmt: skip
            for name, value in values.items():
                metric = metric_of(name).id
                add("exposure_metric", exposure_id=number, metric_id=metric, value=value)
            for row, ground_layer in enumerate((0.5, 0.5, 0.0)):
                add("sparta_atm", exposure_id=number, row_index=row, lgs=1, tur_gnd=ground_layer)
    return aomuse.connect(engine.url)


def test_the_gain_is_like_for_like(db, engine):
    rows = {(r.exposure_id, r.wavelength_nm): r for r in db.comparison("gain").itertuples()}
    assert set(rows) == {(number, nm) for number in (1, 2, 4) for nm in WAVELENGTHS_NM}
    for (number, nm), row in rows.items():
        _, seeing, airmass, ground, sparta = EXPOSURES[number]
        l0 = sparta[1] if sparta else 22.0
        muse, delivered = float(muse_fwhm(nm)), FWHM[nm]
        assert row.l0_m == pytest.approx(l0, rel=1e-12)
        assert row.delivered_fwhm_arcsec == delivered
        if seeing is None:
            assert math.isnan(row.gain)
        else:
            r0 = 0.976 * 500e-9 * ARCSEC / (seeing * airmass**0.6)
            natural = float(natural_image_quality(r0, l0, nm))
            assert row.natural_iq_arcsec == pytest.approx(natural, rel=1e-12)
            assert row.gain == pytest.approx(math.hypot(natural, muse) / delivered, rel=1e-12)
        if sparta:
            natural = float(natural_image_quality(sparta[0], l0, nm))
            expected = math.hypot(natural, muse) / delivered
            assert row.gain_sparta == pytest.approx(expected, rel=1e-12)
            assert (row.lasers_on, row.sparta_fwhm_gain) == (2, 1.6)
        else:
            assert math.isnan(row.gain_sparta)
            assert math.isnan(row.sparta_fwhm_gain)
        polynomial = math.nan
        if number == 1:
            polynomial = 1.09 + 0.42 * ground - 1.98 * ground**2 + 2.95 * ground**3
        assert row.eso_gain == pytest.approx(polynomial, nan_ok=True)


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
    execute(
        engine,
        "UPDATE exposure_metric SET value = 1e-30",
        "UPDATE exposure SET airmass_start = 0, airmass_end = 0",
    )
    assert {row for (row,) in query(engine, "SELECT gain FROM v_gain")} == {None}


def test_the_residual_ledger(db, engine):
    """Of two exposures in one mode: predictions by muse-psfr, and by formula for one of them."""
    # Analysis 4 is in the mode of analysis 1, at another sharpness.
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE exposure SET instrument_mode = 'WFM-AO-N' WHERE id = 4"))
        connection.execute(
            sa.text("UPDATE psf_fit_metric SET value = 1.1 * value WHERE psf_fit_id = 4")
        )
        for number in (1, 2, 3, 4):
            layers = [
                {"exposure_id": number, "row_index": i, "wavelength_nm": float(nm),
                 "fwhm_arcsec": 0.5, "beta": 2.5}
                for i, nm in enumerate((500, 550, 700))
            ]  # fmt: skip
            prediction = {"exposure_id": number, "package": "p", "package_version": "1"}
            connection.execute(
                sa.insert(TABLES["psf_prediction"]).values(**prediction, predicted_utc=START)
            )
            connection.execute(sa.insert(TABLES["psf_prediction_layer"]), layers)
        for nm in (700, 900):
            values = {"exposure_id": 1, "metric_id": metric_of(f"iq_los_{nm}nm").id, "value": 0.44}
            connection.execute(sa.insert(TABLES["exposure_metric"]).values(values))
        beta = {"psf_fit_id": 1, "metric_id": metric_of("beta_700nm").id, "value": 2.2}
        connection.execute(sa.insert(TABLES["psf_fit_metric"]).values(beta))
    rows = {(r.psf_fit_id, r.wavelength_nm): r for r in db.comparison("residual").itertuples()}
    assert set(rows) == {(number, nm) for number in (1, 4) for nm in WAVELENGTHS_NM}
    for (number, nm), row in rows.items():
        delivered = FWHM[nm] * (1.1 if number == 4 else 1)
        predicted = 0.5 if nm in (500, 700) else math.nan
        assert row.psfr_residual_arcsec == pytest.approx(predicted - delivered, nan_ok=True)
        formula = 0.44 if number == 1 and nm in (700, 900) else math.nan
        assert row.iq_residual_arcsec == pytest.approx(formula - delivered, nan_ok=True)
        beta = 0.3 if (number, nm) == (1, 700) else math.nan
        assert row.psfr_beta_residual == pytest.approx(beta, nan_ok=True)
        assert (row.l0_m, row.lasers_on) == (EXPOSURES[number][4][1], 2)
        assert (row.airmass, row.r0_m) == (EXPOSURES[number][2], EXPOSURES[number][4][0])

    summary = query(
        engine,
        "SELECT wavelength_nm, psfr_count, psfr_mean_arcsec, psfr_scatter_arcsec, iq_count,"
        " iq_scatter_arcsec FROM v_residual_summary ORDER BY wavelength_nm",
    )
    assert [row[0] for row in summary] == list(WAVELENGTHS_NM)
    for nm, count, mean, scatter, of_formula, scatter_of_one in summary:
        values = np.array([0.5 - FWHM[nm], 0.5 - 1.1 * FWHM[nm]])
        if nm in (500, 700):
            assert (count, mean) == (2, pytest.approx(values.mean(), rel=1e-9))
            assert scatter == pytest.approx(values.std(ddof=1), rel=1e-6)
        else:
            assert (count, mean, scatter) == (0, None, None)
        assert (of_formula, scatter_of_one) == (int(nm in (700, 900)), None)


def add_maoppy(connection, number=9, r0_m=0.2, amp=3.0, bck=0.012):
    """Add a MAOPPY analysis of exposure 3, whose parameters scale with wavelength as they do."""
    wavelengths = np.linspace(500, 900, 5)
    scale = wavelengths / 500
    fit = {
        "id": number,
        "exposure_id": 3,
        "name": f"y{number}",
        "model": "maoppy",
        "layer_count": 5,
        "first_wavelength_nm": 500,
        "wavelength_step_nm": 100,
    }
    connection.execute(sa.insert(TABLES["psf_fit"]).values(**fit, fit_rank=2))
    layers = [
        {"psf_fit_id": number, "layer": i, "wavelength_nm": nm} for i, nm in enumerate(wavelengths)
    ]
    connection.execute(sa.insert(TABLES["psf_layer"]), layers)
    curves = {"r0": r0_m * scale**1.2, "amp": amp / scale**2, "bck": bck / scale**2}
    values = [
        {"psf_fit_id": number, "parameter": name, "layer": i, "value": float(value)}
        for name, curve in curves.items()
        for i, value in enumerate(curve)
    ]
    connection.execute(sa.insert(TABLES["psf_parameter"]), values)
    metrics = [
        {"psf_fit_id": number, "metric_id": metric_of(f"fwhm_{nm}nm").id, "value": None}
        for nm in WAVELENGTHS_NM
    ]
    connection.execute(sa.insert(TABLES["psf_fit_metric"]), metrics)


def test_the_strehl_ratio_is_that_of_maoppy(db, engine):
    """The same numbers from the package maoppy 1.7.3, strehlMarechal of muse_nfm on 512 pixels."""
    package = {  # by r0, background, amplitude at their wavelength
        (700, 0.19, 0.006, 1.2): 0.18658253822719925,
        (900, 0.25, 0.004, 0.7): 0.36296271000001396,
        (900, 0.3, 0.002, 0.4): 0.5386918541637145,
    }
    with engine.begin() as connection:
        for number, (nm, r0, bck, amp) in enumerate(package, start=20):
            scale = nm / 500
            add_maoppy(connection, number, r0 / scale**1.2, amp * scale**2, bck * scale**2)
        for lgs, value in ((1, 10.0), (2, 12.0)):
            laser(connection, 3, lgs, strehl_mean=value)
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


def test_the_isoplanatic_angle(db, engine):
    profiles = [  # r0, and heights in km with the shares of their layers
        (0.18, {0.1: 0.6, 5.0: 0.3, 12.0: 0.1}),
        (0.16, {0.2: 0.5, 8.0: 0.5}),
    ]
    with engine.begin() as connection:
        for exposure_id, unit in ((1, 1), (2, 1000)):  # in km, and in m
            for row, (r0, layers) in enumerate(profiles):
                head = {"exposure_id": exposure_id, "row_index": row}
                connection.execute(sa.insert(TABLES["sparta_cn2"]).values(**head, r0_total_m=r0))
                rows = [
                    {**head, "layer": i, "altitude": h * unit, "cn2_fraction": 2 * share}
                    for i, (h, share) in enumerate(layers.items(), start=1)
                ]
                connection.execute(sa.insert(TABLES["sparta_cn2_layer"]), rows)
    heights = [sum(w * (1000 * h) ** (5 / 3) for h, w in p.items()) ** 0.6 for _, p in profiles]
    over_heights = np.mean([r0 / h for (r0, _), h in zip(profiles, heights, strict=True)])
    frame = db.comparison("isoplanatic").set_index("exposure_id")
    assert list(frame.index) == [1, 2]
    for number in (1, 2):
        airmass = EXPOSURES[number][2]
        assert frame.loc[number, "h_eff_m"] == pytest.approx(np.mean(heights), rel=1e-9)
        theta0 = 0.314 * over_heights / airmass * ARCSEC
        assert frame.loc[number, "theta0_arcsec"] == pytest.approx(theta0, rel=1e-9)


def laser(connection: sa.Connection, exposure_id: int, lgs: int, **metrics: float) -> None:
    """Store metrics of a laser; it has telemetry, so that it is on or off."""
    values = {metric_of("laser_on", SUPERSEDED).id: 1.0}
    values |= {metric_of(name).id: value for name, value in metrics.items()}
    key = {"exposure_id": exposure_id, "lgs": lgs}
    rows = [{**key, "metric_id": number, "value": value} for number, value in values.items()]
    connection.execute(sa.insert(TABLES["exposure_laser_metric"]), rows)
    connection.execute(sa.insert(TABLES["exposure_laser"]).values(**key, **metrics))


def test_sensors_and_lasers_are_compared(db, engine):
    r0 = {1: 0.10, 2: 0.14, 3: 0.12, 4: 0.18}
    with engine.begin() as connection:
        for lgs, value in r0.items():
            laser(connection, 1, lgs, r0_mean=value, lgs_seeing_mean=0.1 / value)
        laser(connection, 3, 2, r0_mean=0.2)
        laser(connection, 3, 3)  # without any of the quantities
        for row, (dimm, mass, slodar) in enumerate(((0.7, 0.6, 0.4), (0.9, None, 0.5), (0, 0, 0))):
            connection.execute(
                sa.insert(TABLES["asm"]).values(
                    exposure_id=1,
                    row_index=row,
                    dimm_seeing_arcsec=dimm,
                    mass_ground_layer_fraction=mass,
                    slodar_fraction_300m=slodar,
                )
            )
    frame = db.comparison("sensors").set_index("exposure_id")
    assert list(frame.index) == [1, 2, 3, 4]
    row = frame.loc[1]
    seeing = float(np.mean([0.1 / value for value in r0.values()])) * 1.2**-0.6
    assert row["sparta_seeing_arcsec"] == pytest.approx(seeing, rel=1e-9)
    assert row["seeing_difference_arcsec"] == pytest.approx(seeing - 0.8, rel=1e-9)
    assert row["mass_ground_layer"] == pytest.approx(0.6)
    assert row["slodar_300m"] == pytest.approx(0.45)
    assert row["sparta_ground_layer"] == pytest.approx(0.5)
    assert row["ground_layer_fraction"] == pytest.approx(0.7)
    assert frame.loc[2, ["sparta_seeing_arcsec", "dimm_seeing_arcsec"]].isna().all()

    lasers = db.comparison("lasers")
    ratios = {(r.exposure_id, r.lgs): r.r0_ratio for r in lasers.itertuples()}
    alone = {(3, 2): math.nan}
    expected = {(1, lgs): value / 0.13 for lgs, value in r0.items()} | alone
    assert ratios == pytest.approx(expected, nan_ok=True)
