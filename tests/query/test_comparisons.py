"""Views that compare, against the formulae in Python, on rows made for it."""

import datetime as dt
import math

import pytest
import sqlalchemy as sa
from warehouse import TABLES, query

import aomuse
from aomuse.errors import AomuseError
from aomuse.metrics import WAVELENGTHS_NM, metric_of
from aomuse.metrics.atmosphere import ARCSEC
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
            values = {"sparta_r0_mean": sparta[0], "sparta_l0_mean": sparta[1], "lasers_on": 2}
            for name, value in values.items():
                metric = metric_of(name).id
                add("exposure_metric", exposure_id=number, metric_id=metric, value=value)
            for row, gain in enumerate((1.4, 1.8, 0.0)):
                for lgs in (1, 2):
                    add("sparta_atm", exposure_id=number, row_index=row, lgs=lgs,
                        r0_m=sparta[0] if gain else 0.0, fwhm_gain=gain, tur_gnd=0.5)  # fmt: skip
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
            assert (row.lasers_on, row.sparta_fwhm_gain) == (2, pytest.approx(1.6))
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
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE exposure_metric SET value = 1e-30"))
        connection.execute(sa.text("UPDATE exposure SET airmass_start = 0, airmass_end = 0"))
    assert {row for (row,) in query(engine, "SELECT gain FROM v_gain")} == {None}
