"""Formulae against published numbers."""

from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.time import Time

from aomuse.simulate import sky
from aomuse.simulate.atmosphere import fried_parameter, outer_scale_factor, turbulence
from aomuse.simulate.plan import PLAN, exposure


def test_fried_parameter_of_one_arcsec():
    assert fried_parameter(np.array([1.0]))[0] == pytest.approx(0.1007, rel=1e-3)


def test_turbulence_of_a_median_night():
    assert turbulence(np.array([0.15]))[0] == pytest.approx(3.5e-13, rel=0.05)


def test_outer_scale_sharpens():
    assert outer_scale_factor(0.12, 22.0) == pytest.approx(0.81, abs=0.01)
    assert outer_scale_factor(0.12, 1e9) == pytest.approx(1.0, abs=0.01)


def test_refraction_lifts_the_blue():
    wavelength = np.array([400.0, 500.0, 700.0, 800.0])
    shift = sky.refraction(wavelength, 1.5)
    assert np.all(np.diff(shift) < 0)
    assert shift[2] == 0.0
    # Air disperses 2.8 per cent of its refraction, 48 arcsec at this height, over this range.
    assert shift[0] - shift[3] == pytest.approx(0.028 * 48.0, rel=0.05)
    assert not sky.refraction(wavelength, 1.0).any()


def test_pointing_agrees_with_astropy():
    time = datetime(2018, 8, 13, 1, 0)
    site = EarthLocation.from_geodetic(sky.LONGITUDE * u.deg, sky.LATITUDE * u.deg, 2648 * u.m)
    frame = AltAz(obstime=Time(time, scale="utc"), location=site)
    for ra, dec in ((265.17, -53.67), (325.09, -23.18), (269.45, 4.69)):
        coordinates = SkyCoord(ra * u.deg, dec * u.deg).transform_to(frame)
        ours = sky.pointing(ra, dec, time)
        assert ours.altitude == pytest.approx(coordinates.alt.deg, abs=0.4)
        away = (ours.azimuth + 180.0 - coordinates.az.deg + 180.0) % 360.0 - 180.0
        assert abs(away) < 1.5


def test_targets_are_up():
    for index in range(30 * len(PLAN)):
        planned = exposure(1, index)
        target = planned.slot.target
        assert sky.pointing(target.ra, target.dec, planned.start).airmass < 2.6


def test_exposures_do_not_overlap():
    planned = [exposure(3, index) for index in range(2 * len(PLAN))]
    assert all(a.end < b.start for a, b in pairwise(planned))


def test_sexagesimal():
    assert sky.sexagesimal(-53.0076333333) == -530027.48
    assert sky.sexagesimal(14.374) == pytest.approx(142226.4)
    assert sky.sexagesimal(59.99999999999) == 600000.0
