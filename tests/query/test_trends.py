"""Medians by night and month, and twins, against values worked out by hand."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from made_metrics import add_metrics
from warehouse import insert, query

from aomuse import Database
from aomuse.errors import AomuseError
from aomuse.metrics.registering import register_metrics

NAN = float("nan")


def add(
    engine: sa.Engine,
    number: int,
    begun: str | None = None,
    mode: str | None = "WFM-AO-N",
    fwhm: Sequence[float | None] = (),
    **metrics: float | None,
) -> None:
    """Add an exposure with metrics, and analyses with their FWHM at 700 nm."""
    start = dt.datetime.fromisoformat(begun) if begun else None
    exposure = {"id": number, "instrument_mode": mode, "date_obs_utc": start}
    insert(engine, "exposure", exposure | {"archive_id": f"MUSE.{number}"})
    add_metrics(engine, "exposure", number, **metrics)
    for fit, value in enumerate(fwhm, start=10 * number):
        new = {"id": fit, "exposure_id": number, "name": f"X{fit}", "model": "moffat"}
        insert(engine, "psf_fit", new)
        add_metrics(engine, "psf_fit", fit, fwhm_700nm=value)


@pytest.fixture
def nights(engine):
    register_metrics(engine)
    # One night from noon to noon, in two modes.
    add(engine, 1, "2018-08-12T12:00:00", seeing=0.5, airmass=1.0, fwhm=(0.4, 0.6))
    add(engine, 2, "2018-08-12T23:00:00", seeing=0.9, airmass=None, fwhm=(0.8,))
    add(engine, 3, "2018-08-13T11:59:59.998", seeing=0.6, airmass=1.5, glf=0.25)
    add(engine, 4, "2018-08-13T03:00:00", "NFM-AO-N", seeing=2.0, tau0=0.004, fwhm=(None,))
    # The next night, two exposures; and one of September that belongs to August's last night.
    add(engine, 5, "2018-08-13T12:00:00", seeing=0.7)
    add(engine, 6, "2018-08-14T00:00:00", seeing=1.0)
    add(engine, 7, "2018-09-01T11:00:00", seeing=3.0)
    add(engine, 8, "2018-09-01T12:00:00", seeing=4.0)
    add(engine, 9, None, None, seeing=9.0)
    return engine


def rows(engine: sa.Engine, columns: str, view: str, order: str) -> list[tuple[Any, ...]]:
    found = query(engine, f"SELECT {columns} FROM {view} ORDER BY {order}")
    return [tuple(str(v) if isinstance(v, dt.date) else v for v in row) for row in found]


def test_medians_by_night(nights):
    columns = (
        "night, instrument_mode, exposure_count, psf_fit_count, seeing_arcsec,"
        " airmass, tau0_s, glf, fwhm_700nm_arcsec, fwhm_500nm_arcsec"
    )
    unknown = (None,) * 5
    fwhm = pytest.approx(0.6)
    assert rows(nights, columns, "v_night", "night, instrument_mode") == [
        (None, None, 1, 0, 9.0, *unknown),
        ("2018-08-12", "NFM-AO-N", 1, 1, 2.0, None, 0.004, None, None, None),
        ("2018-08-12", "WFM-AO-N", 3, 3, 0.6, 1.25, None, 0.25, fwhm, None),
        ("2018-08-13", "WFM-AO-N", 2, 0, pytest.approx(0.85), *unknown),
        ("2018-08-31", "WFM-AO-N", 1, 0, 3.0, *unknown),
        ("2018-09-01", "WFM-AO-N", 1, 0, 4.0, *unknown),
    ]


def test_medians_by_month(nights):
    columns = "month, instrument_mode, night_count, exposure_count, seeing_arcsec"
    assert rows(nights, columns, "v_month", "month, instrument_mode") == [
        (None, None, 0, 1, 9.0),
        ("2018-08-01", "NFM-AO-N", 1, 1, 2.0),
        # 0.5 0.6 0.7 0.9 1.0 3.0
        ("2018-08-01", "WFM-AO-N", 3, 6, pytest.approx(0.8)),
        ("2018-09-01", "WFM-AO-N", 1, 1, 4.0),
    ]


def test_nothing_loaded(engine):
    for view in ("v_night", "v_month", "v_twin", "v_twin_any_mode", "v_condition_spread"):
        assert query(engine, f"SELECT * FROM {view}") == []


@pytest.fixture
def five(engine):
    register_metrics(engine)
    for i in range(5):
        mode, airmass = ("NFM-AO-N", 2.0) if i == 4 else ("WFM-AO-N", 1.0)
        tau0 = 0.01 * i if i < 2 else None
        begun = f"2018-08-13T00:0{i}:00"
        add(engine, 10 + i, begun, mode, seeing=float(i), airmass=airmass, glf=0.5, tau0=tau0)
    return Database(engine)


def test_the_spread_of_a_condition(five):
    select = "SELECT metric, exposure_count, median, spread FROM v_condition_spread"
    found = {metric: spread for metric, *spread in query(five.engine, select)}
    # Quartiles of 0 1 2 3 4 are 1 and 3.
    assert found["seeing"] == [5, 2.0, pytest.approx(2 / 1.349)]
    # Quartiles 1 and 1, mean 1.2, mean deviation (4 * 0.2 + 0.8) / 5.
    assert found["airmass"] == [5, 1.0, pytest.approx(0.32 / 0.7979)]
    assert found["glf"] == [5, 0.5, 0.0]
    # Quartiles of 0 and 0.01 are 0.0025 and 0.0075.
    assert found["tau0"] == [2, 0.005, pytest.approx(0.005 / 1.349)]


def test_twins(five):
    frame = five.twins(10, n=3)
    columns = {
        "exposure_id": [12, 13, 11],
        "seeing_distance": pytest.approx([1.349, 2.0235, 0.6745]),
        # A missing coherence time is as far as any two exposures are on average.
        "tau0_distance": pytest.approx([NAN, NAN, 2.698], nan_ok=True),
        "glf_distance": [0.0, 0.0, 0.0],
        "airmass_distance": [0.0, 0.0, 0.0],
        "compared_count": [3, 3, 4],
        "distance": pytest.approx(
            [(1.349 + 1.1284) / 4, (2.0235 + 1.1284) / 4, (0.6745 + 2.698) / 4]
        ),
    }
    assert {name: frame[name].tolist() for name in columns} == columns
    # Seeing is as near in 14 as in 12, but not the air mass.
    everything = five.twins(13, any_mode=True)
    assert everything["exposure_id"].tolist() == [12, 11, 10, 14]
    assert everything["airmass_distance"].tolist()[3] == pytest.approx(0.7979 / 0.32)
    assert everything["seeing_arcsec"].tolist() == [2.0, 1.0, 0.0, 4.0]
    assert everything.attrs["units"] == {"seeing_arcsec": "arcsec", "tau0_s": "s"}
    assert str(everything["date_obs_utc"].dtype) == "datetime64[us, UTC]"
    assert five.twins("MUSE.14").empty
    assert five.twins(13, any_mode=True, mode="NFM")["exposure_id"].tolist() == [14]
    assert five.twins(13, metric={"tau0": (None, None)})["exposure_id"].tolist() == [11, 10]


def test_an_exposure_of_which_nothing_is_known(five):
    add(five.engine, 20, None, None)
    frame = five.twins(20, any_mode=True)
    assert frame["distance"].tolist() == pytest.approx([1.1284] * 5)
    assert frame["compared_count"].tolist() == [0] * 5
    # It is nobody's twin in one mode, and as far as any other from everybody.
    assert 20 not in set(five.twins(10)["exposure_id"])
    assert 20 in set(five.twins(10, any_mode=True)["exposure_id"])
    with pytest.raises(AomuseError, match="the mode of exposure 20 is unknown: any_mode=True"):
        five.twins(20)
    with pytest.raises(AomuseError, match="no exposure has the number 99"):
        five.twins(99)
    with pytest.raises(AomuseError, match="n is 0"):
        five.twins(10, n=0)
