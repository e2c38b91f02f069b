"""Formulae against published numbers."""

from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time
from test_simulate_pampelmuse import by_name

from aomuse.simulate import atmosphere, simulate, sky
from aomuse.simulate.observation import Observation, observe
from aomuse.simulate.plan import PLAN, exposure
from aomuse.simulate.wide_field import muse_fwhm


def test_the_atmosphere_and_muse():
    # A seeing of one arcsec, and a median night.
    assert atmosphere.fried_parameter(np.array([1.0]))[0] == pytest.approx(0.1007, rel=1e-3)
    assert atmosphere.turbulence(np.array([0.15]))[0] == pytest.approx(3.5e-13, rel=0.05)
    # The outer scale sharpens.
    assert atmosphere.outer_scale_factor(0.12, 22.0) == pytest.approx(0.81, abs=0.01)
    assert atmosphere.outer_scale_factor(0.12, 1e9) == pytest.approx(1.0, abs=0.01)
    # By hand: r0(900) = 0.1 m x 1.8^1.2, F = -0.9919, so 0.976 lambda / r0 x 0.8089.
    found = atmosphere.image_quality(1.0066, 20.0, np.array([500.0, 900.0]))
    f = 1 / (1 + 300 * 8.2 / 20.0) - 1
    r0 = 0.1 * 1.8**1.2
    red = 0.976 * 900e-9 / r0 * 206265 * np.sqrt(1 + f * 2.183 * (r0 / 20.0) ** 0.356)
    assert found[1] == pytest.approx(red, rel=1e-3)
    assert 1.15 < found[0] / found[1] < 1.3
    # MUSE alone: Fusco et al. 2020.
    found = muse_fwhm(np.array([480.0, 600.0, 700.0, 900.0]))
    assert found == pytest.approx([0.351, 0.358, 0.337, 0.294], abs=1e-6)


@pytest.fixture(scope="module")
def wide():
    """Give the wide-field exposures of a night in all layers: with adaptive optics, and without."""
    night = [observe(1, index, 3681) for index in range(len(PLAN))]
    found = [each for each in night if not each.exposure.narrow]
    return [[each for each in found if each.exposure.adaptive is ao] for ao in (True, False)]


def columns(observed: Observation, table: str) -> dict[str, np.ndarray]:
    return {column.name: np.asarray(column.values) for column in observed.tables[table]}


def delivered(observed: Observation, *wavelengths_nm: float) -> np.ndarray:
    layers = [round((wavelength - 475.0) / 0.125) for wavelength in wavelengths_nm]
    return observed.psf.fwhm[layers] * observed.exposure.pixel


def test_correction_is_best_in_the_red(wide):
    corrected, natural = (
        [np.divide(*delivered(observed, 500.0, 900.0)) for observed in kind] for kind in wide
    )
    assert np.median(corrected) == pytest.approx(1.45, abs=0.05)
    assert all(1.25 < ratio < 1.6 for ratio in corrected)
    assert all(1.2 < ratio < 1.3 for ratio in natural)


def test_without_correction_the_gain_is_one(wide):
    wavelength = np.array([500.0, 700.0, 900.0])
    for observed in wide[1]:
        seeing, outer = observed.state.seeing_on_target.mean(), observed.state.outer_scale.mean()
        air = atmosphere.image_quality(seeing, outer, wavelength)
        gain = np.hypot(air, muse_fwhm(wavelength)) / delivered(observed, *wavelength)
        assert gain == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("index", [0, 1, 9, 14])
def test_the_delivered_psf_is_the_predicted_one(index):
    package = pytest.importorskip("muse_psfr.psfrec", reason="needs the extra psfr")
    observed = observe(1, index, 3681)
    measured = columns(observed, "SPARTA_ATM_DATA")
    lasers = observed.exposure.slot.lasers
    seeing, ground, outer = (
        float(np.mean([measured[f"LGS{n}_{name}"] for n in lasers]))
        for name in ("SEEING", "TUR_GND", "L0")
    )
    wavelength = np.array([500.0, 700.0, 900.0])
    options = {"three_lgs_mode": len(lasers) < 4, "verbose": False}
    predicted, _ = package.compute_psf(wavelength, seeing, ground, outer, **options)
    ratio = predicted["fwhm"][:, 0] / delivered(observed, *wavelength)
    assert ratio == pytest.approx(1.0, abs=0.05)
    assert np.ptp(ratio) < 0.03
    layers = [200, 1800, 3400]
    assert predicted["n"] == pytest.approx(observed.psf.beta[layers], abs=0.15)


def test_strehl_ratios_of_the_narrow_field_agree(tmp_path):
    """SPARTA's at 650 nm, that of MAOPPY's parameters and that of the Moffat profile."""
    cut_off = (34 - 1) / (2 * 8.0)
    found = []
    night = simulate(tmp_path, exposures=7, sources=0, layers=1401, clean=True)
    for files in (files for files in night if files.maoppy_prm):
        # The last layer is at 650 nm.
        fitted = {name: values[-1] for name, values in by_name(files.maoppy_prm).items()}
        halo = 0.0229 * 6 * np.pi / 5 * (fitted["r0"] * cut_off) ** (-5 / 3)
        corrected = fitted["amp"] + fitted["bck"] * np.pi * cut_off**2
        maoppy = np.exp(-corrected - halo)

        fwhm, beta = (by_name(files.prm)[name][-1] for name in ("fwhm", "beta"))
        alpha = 0.025 * fwhm / 2 / np.sqrt(2 ** (1 / beta) - 1)
        limit = np.pi / 4 * (8.2 / 650e-9 / 206265) ** 2
        moffat = (beta - 1) / (np.pi * alpha**2) / limit

        sparta = fits.getdata(files.raw, "SPARTA_ATM_DATA")
        measured = np.mean([sparta[f"LGS{n}_STREHL"] for n in range(1, 5)]) / 100
        assert moffat == pytest.approx(maoppy, rel=0.01)
        assert measured == pytest.approx(maoppy, rel=0.05)
        assert np.ptp(sparta["LGS1_FWHM_GAIN"]) > 0.1
        found.append(maoppy)
    assert len(found) == 3
    assert all(0.02 < ratio < 0.25 for ratio in found)


def test_sensors_of_a_wide_field(wide):
    widths = [np.nanmean(columns(each, "SGS_DATA")["FWHM"]) for kind in wide for each in kind]
    assert np.median(widths) == pytest.approx(0.4, abs=0.05)
    for observed in wide[0]:
        sparta = columns(observed, "SPARTA_ATM_DATA")
        for n in observed.exposure.slot.lasers:
            gain = sparta[f"LGS{n}_FWHM_GAIN"]
            assert np.all((gain > 1.0) & (gain < 2.5))
            assert np.std(gain) > 0.005


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


def test_the_plan_can_be_observed():
    """Targets are up, and exposures do not overlap."""
    for planned in (exposure(1, index) for index in range(30 * len(PLAN))):
        target = planned.slot.target
        assert sky.pointing(target.ra, target.dec, planned.start).airmass < 2.6
    planned = [exposure(3, index) for index in range(2 * len(PLAN))]
    assert all(a.end < b.start for a, b in pairwise(planned))


def test_sexagesimal():
    assert sky.sexagesimal(-53.0076333333) == -530027.48
    assert sky.sexagesimal(14.374) == pytest.approx(142226.4)
    assert sky.sexagesimal(59.99999999999) == 600000.0
