"""The light within a MAOPPY profile, against the same model on a grid of two dimensions."""

import numpy as np
import pytest

from aomuse.metrics.bessel import bessel_j1, one_minus_j0
from aomuse.metrics.maoppy import MaoppyProfile, light, transfer_function


def test_bessel_functions():
    # Zeros of J0 and of J1, and values of Abramowitz and Stegun's table 9.1.
    of_j0 = one_minus_j0(np.array([2.404825558, 5.520078110, 30.634606468, 1.0, 10.0]))
    expected = [1, 1, 1, 1 - 0.7651976866, 1 + 0.2459357645]
    assert of_j0.tolist() == pytest.approx(expected, abs=2e-7)
    of_j1 = bessel_j1(np.array([3.831705970, 7.015586670, 0.0, 1.0, 10.0]))
    expected = [0, 0, 0, 0.4400505857, 0.0434727462]
    assert of_j1.tolist() == pytest.approx(expected, abs=2e-7)
    # 1 - J0 of something small is a quarter of its square.
    assert one_minus_j0(np.array([1e-8])).tolist() == pytest.approx([2.5e-17], rel=1e-6)


def image(profile: MaoppyProfile, wavelength_m: float, size: int = 1024) -> tuple:
    """Give a PSF and the distance of its pixels from the centre, arcsec, by Fourier transforms."""
    r0, bck, amp, alpha, beta = profile
    extent = 32.0  # m of the phase screen: frequencies come in steps of 1/32 per metre
    f = np.fft.fftfreq(size, extent / size)
    f = np.hypot(*np.meshgrid(f, f))
    cutoff = 33 / 16
    inside = f < cutoff
    moffat = (1 + (f / alpha) ** 2) ** -beta
    # Normalised by numbers, on a finer grid than that of the transform.
    fine = (np.arange(20000) + 0.5) * cutoff / 20000
    moffat /= np.sum(2 * np.pi * fine * (1 + (fine / alpha) ** 2) ** -beta) * cutoff / 20000
    with np.errstate(divide="ignore"):
        spectrum = np.where(inside, bck + amp * moffat, 0.0229 * r0 ** (-5 / 3) * f ** (-11 / 3))
    spectrum[0, 0] = 0
    covariance = np.real(np.fft.fft2(spectrum)) / extent**2
    x = (np.arange(size) - size / 2) * extent / size
    radius = np.hypot(*np.meshgrid(x, x))
    pupil = (radius < 4) & (radius >= 0.14 * 4)
    telescope = np.real(np.fft.ifft2(np.abs(np.fft.fft2(pupil)) ** 2)) / pupil.sum()
    # What the grid does not reach spreads light over all of the image.
    beyond = 0.0229 * 6 * np.pi / 5 * (r0 * size / 2 / extent) ** (-5 / 3)
    loss = covariance[0, 0] - covariance + beyond
    loss[0, 0] = 0
    transfer = telescope * np.exp(-loss)
    psf = np.real(np.fft.fftshift(np.fft.fft2(transfer)))
    pixel = wavelength_m / extent * 180 * 3600 / np.pi
    along = (np.arange(size) - size // 2) * pixel
    return psf / psf.sum(), np.hypot(*np.meshgrid(along, along)), transfer, telescope


PROFILES = [
    (500, MaoppyProfile(0.20, 0.012, 2.3, 0.30, 1.6)),
    (700, MaoppyProfile(0.30, 0.006, 1.2, 0.30, 1.6)),
    (900, MaoppyProfile(0.18, 0.004, 1.5, 0.30, 1.8)),
]


@pytest.mark.parametrize(("nm", "profile"), PROFILES)
def test_the_light_is_that_of_the_image(nm, profile):
    psf, radius, transfer, telescope = image(profile, nm * 1e-9)
    found = light(profile, nm, 0.5)
    assert found.encircled_energy == pytest.approx(psf[radius <= 0.5].sum(), abs=0.006)
    assert psf[radius <= found.half_light_radius_arcsec].sum() == pytest.approx(0.5, abs=0.02)
    # The Strehl ratio: transfer function over that of the telescope alone.
    rho, own = transfer_function(profile)
    steps = np.gradient(rho)
    strehl = np.sum(own * rho * steps) / np.sum(transfer_function(PERFECT)[1] * rho * steps)
    assert strehl == pytest.approx(transfer.sum() / telescope.sum(), rel=0.02)
    # Of the phase's variance alone (Maréchal), as the paper gives it.
    r0, bck, amp, _, _ = profile
    cutoff = 33 / 16
    variance = amp + bck * np.pi * cutoff**2 + 0.0229 * 6 * np.pi / 5 * (r0 * cutoff) ** (-5 / 3)
    assert strehl > np.exp(-variance)


#: Hardly a phase: what is left is the telescope.
PERFECT = MaoppyProfile(1e4, 0.0, 0.0, 0.1, 2.0)


def test_a_perfect_telescope():
    # Within 1.22 lambda / D the amplitude of a pupil with an obstruction of 14 %, squared.
    x = (np.arange(2000) + 0.5) * 1.22 * np.pi / 2000
    amplitude = (2 * bessel_j1(x) / x - 0.14 * 2 * bessel_j1(0.14 * x) / x) / (1 - 0.14**2)
    expected = (1 - 0.14**2) / 2 * np.sum(amplitude**2 * x) * 1.22 * np.pi / 2000
    assert expected == pytest.approx(0.80, abs=0.01)
    first_ring = 1.22 * 500e-9 / 8 * 180 * 3600 / np.pi
    found = light(PERFECT, 500, first_ring).encircled_energy
    assert found == pytest.approx(expected, abs=0.003)
    assert light(PERFECT, 500, 0.9).encircled_energy == pytest.approx(0.99, abs=0.01)


def test_what_is_too_wide():
    wide = light(MaoppyProfile(0.03, 0.1, 9.0, 0.5, 2.0), 500, 3.0)
    assert np.isnan(wide.encircled_energy)
    assert np.isnan(wide.half_light_radius_arcsec)
