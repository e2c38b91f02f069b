"""The two files of the PSF analysis."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from aomuse.simulate import SimulatedExposure, simulate
from aomuse.simulate.psf import wavelengths


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """One night with all layers, for what depends on the wavelength."""
    return simulate(tmp_path_factory.mktemp("full"), sources=2)


def by_name(path: Path, table: str = "PSFPARS") -> dict[str, np.ndarray]:
    data = fits.getdata(path, table)
    return dict(zip(data["name"], data["polyfit"], strict=True))


def test_wavelengths(full):
    header = fits.getheader(full[0].prm, "SPECTRA")
    assert header["NAXIS3"] == 3681
    read = (header["CRVAL3"] + np.arange(3681) * header["CDELT3"]) * 1e9
    np.testing.assert_array_equal(read, wavelengths(3681))
    assert read[[0, -1]] == pytest.approx([475.0, 935.0])


def test_parameters(tree):
    for files in tree:
        with fits.open(files.prm) as hdus:
            names = [hdu.name for hdu in hdus]
            assert names == ["PRIMARY", "SPECTRA", "PSFPARS", "POSPARS", "SOURCES"]
            assert hdus["SPECTRA"].shape == (40, 1, 3)
            psf = hdus["PSFPARS"]
            assert psf.columns.names == ["name", "fit", "polyfit", "free", "order"]
            assert psf.columns.formats == ["8A", "40D", "40D", "L", "I"]
            assert list(psf.data["name"]) == ["beta", "fwhm", "e", "theta"]
            positions = hdus["POSPARS"]
            assert list(positions.data["name"]) == ["A", "B", "C", "D", "x0", "y0"]
            # As public tools read it: the second column, without layers that could not be fitted.
            medians = [np.nanmedian(row[1]) for row in positions.data]
            assert medians == pytest.approx(np.median(positions.data["polyfit"], axis=1), abs=1e-3)
            assert hdus["SOURCES"].columns.names == ["id", "ra", "dec", "x", "y", "mag", "status"]


def test_narrow_field_is_fitted_twice(tree):
    for files in tree:
        assert (files.maoppy_prm is not None) == files.mode.startswith("NFM")
        if files.maoppy_prm is None or files.maoppy_psf is None:
            continue
        assert files.maoppy_prm.parent == files.maoppy_psf.parent == files.prm.parent / "maoppy"
        assert (files.maoppy_prm.name, files.maoppy_psf.name) == (files.prm.name, files.psf.name)
        parameters = by_name(files.maoppy_prm)
        assert list(parameters) == ["r0", "bck", "amp", "alpha", "ratio", "theta", "beta"]
        # r0 goes with wavelength^(6/5).
        wavelength = wavelengths(40)
        np.testing.assert_allclose(
            parameters["r0"] / parameters["r0"][0], (wavelength / wavelength[0]) ** 1.2
        )
        every = fits.getdata(files.prm, "SOURCES")
        magnitudes = dict(zip(every["id"], every["mag"], strict=True))
        chosen = fits.getdata(files.maoppy_prm, "SOURCES")["id"]
        assert set(chosen) == set(sorted(magnitudes, key=lambda i: magnitudes[i])[:2])
        with fits.open(files.maoppy_psf) as hdus:
            assert [hdu.name for hdu in hdus] == ["PRIMARY", *(f"PM_{i}" for i in chosen)]
            names = [name.lower() for name in hdus[1].columns.names]
            assert names == ["snr", "flux", "r0", "amp", "xc", "yc"]


def test_sources(tree):
    codes, cases = set(), set()
    for files in tree:
        ids = fits.getdata(files.prm, "SOURCES")["id"]
        with fits.open(files.psf) as hdus:
            assert [hdu.name for hdu in hdus] == ["PRIMARY", *(f"PM_{i}" for i in ids)]
            for hdu in hdus[1:]:
                assert len(hdu.data) == 40
                names = hdu.columns.names
                assert [n.lower() for n in names] == ["snr", "flux", "fwhm", "beta", "xc", "yc"]
                assert len(set(hdu.columns.formats)) == 1
                codes.add(hdu.columns.formats[0])
                cases.add(names[0])
    assert codes == {"D", "E"}
    assert cases == {"snr", "SNR"}


def test_identifiers_are_neither_sorted_nor_consecutive(tmp_path):
    files = simulate(tmp_path, exposures=1, sources=50, layers=1)[0]
    ids = fits.getdata(files.prm, "SOURCES")["id"]
    assert len(set(ids)) == 50
    assert list(ids) != sorted(ids)
    assert max(ids) > 50


def test_no_sources_at_all(tmp_path):
    files = simulate(tmp_path, exposures=1, sources=0, layers=3)[0]
    with fits.open(files.psf) as hdus:
        assert len(hdus) == 1
    assert len(fits.getdata(files.prm, "SOURCES")) == 0


def test_psf_sharpens_towards_the_red(full):
    for files in full:
        parameters = by_name(files.prm)
        # MUSE alone is a little sharper at 475 than at 550 nm; the diffraction limit grows.
        wavelength = wavelengths(3681)
        between = (wavelength >= 550.0) & (wavelength <= 850.0)
        assert np.all(np.diff(parameters["fwhm"][between]) < 0)
        assert 1.0 < parameters["fwhm"][0] < 6.0
        assert 1.6 < parameters["beta"].min() <= parameters["beta"].max() < 3.2
        assert not np.isnan(parameters["e"]).any()


def test_correction_helps(full):
    def relative(files: SimulatedExposure) -> float:
        header = fits.getheader(files.reduced)
        width = by_name(files.prm)["fwhm"][2000] * header["ESO OCS IPS PIXSCALE"]
        return float(width / header["ESO TEL AMBI FWHM START"])

    without = relative(full[5])
    assert all(relative(files) < without for files in full[:5])


def test_the_notch_is_empty_only_with_sodium_light(full):
    wavelength = wavelengths(3681)
    blocked = {"WFM-AO-N": (580.5, 596.6), "WFM-AO-E": (575.5, 600.8), "NFM-AO-N": (578.0, 605.0)}
    for files in full:
        empty = np.isnan(fits.getdata(files.psf, 1)["flux"])
        if files.mode == "WFM-NOAO-N":
            assert not empty.any()
        else:
            assert wavelength[empty][[0, -1]] == pytest.approx(blocked[files.mode], abs=0.125)
            assert empty.sum() == pytest.approx(np.ptp(blocked[files.mode]) / 0.125, abs=1)
        snr = fits.getdata(files.psf, 1)["snr"]
        assert np.nanmedian(snr) > 3.0


def test_positions_shift_with_the_wavelength(full):
    shift = by_name(full[0].prm, "POSPARS")
    length = np.hypot(shift["x0"], shift["y0"])
    assert 0.05 < length[0] < 3.0
    assert length[1800] < 0.01
