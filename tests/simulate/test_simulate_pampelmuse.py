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
            tables = ["PSFPARS", "POSPARS", "POSITIONS"]
            assert names == ["PRIMARY", "SOURCES", "SPECTRA", *tables]
            psf = hdus["PSFPARS"]
            assert psf.columns.names == ["name", "fit", "polyfit", "free", "order"]
            assert psf.columns.formats == ["8A", "40D", "40D", "L", "I"]
            assert list(psf.data["name"]) == ["beta", "fwhm", "e", "theta"]
            positions = hdus["POSPARS"]
            assert list(positions.data["name"]) == ["A", "B", "C", "D", "x0", "y0"]
            # As public tools read it: the second column, without layers that could not be fitted.
            medians = [np.nanmedian(row[1]) for row in positions.data]
            assert medians == pytest.approx(np.median(positions.data["polyfit"], axis=1), abs=1e-3)


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
        again = fits.getdata(files.maoppy_prm, "SOURCES")
        assert list(again["id"]) == list(every["id"])
        chosen = again["id"][again["status"] == 3]
        assert set(chosen) == set(sorted(magnitudes, key=lambda i: magnitudes[i])[:2])
        with fits.open(files.maoppy_psf) as hdus:
            assert [hdu.name for hdu in hdus] == ["PRIMARY", *(f"PM_{i}" for i in chosen)]
            names = [name.lower() for name in hdus[1].columns.names]
            assert names == ["snr", "flux", "r0", "amp", "xc", "yc"]


def test_all_extracted_sources_are_in_the_parameter_file(tree):
    """Twice as many as the stars that the PSF is fitted to."""
    for files in tree:
        with fits.open(files.prm) as hdus:
            sources = hdus["SOURCES"]
            assert sources.columns.names == [
                "id", "status", "specrow", "ra", "dec", "x", "y", "mag",
            ]  # fmt: skip
            assert sources.columns.formats == ["J", "J", "J", "D", "D", "D", "D", "E"]
            rows = sources.data
            assert len(rows) == 6
            assert list(rows["specrow"]) == list(range(6))
            assert set(rows["status"]) <= {1, 2, 3}
            bright = rows["status"] == 3
            assert bright.sum() == 3
            assert rows["mag"][bright].max() <= rows["mag"][~bright].min()

            spectra = hdus["SPECTRA"]
            assert spectra.shape == (40, 2, 6)
            flux, uncertainty = np.median(spectra.data, axis=0)
            brightest, faintest = np.argmin(rows["mag"]), np.argmax(rows["mag"])
            assert flux[brightest] == flux.max() > flux[faintest] > uncertainty[faintest] > 0

            places = hdus["POSITIONS"].data
            assert list(places["id"]) == list(rows["id"])
            middle = np.polyval(places["x"][0][::-1], (wavelengths(40)[20] - 700.0) / 1000.0)
            shift = by_name(files.prm, "POSPARS")["x0"][20]
            assert middle == pytest.approx(rows["x"][0] + shift, abs=1e-3)


def test_psf_stars_have_tables(tree):
    codes, cases = set(), set()
    for files in tree:
        sources = fits.getdata(files.prm, "SOURCES")
        ids = sources["id"][sources["status"] == 3]
        with fits.open(files.psf) as hdus:
            tables = [hdu for hdu in hdus if hdu.name.startswith("PM_")]
            assert [hdu.name for hdu in tables] == [f"PM_{i}" for i in ids]
            for hdu in tables:
                assert len(hdu.data) == 40
                names = hdu.columns.names
                assert [n.lower() for n in names] == ["snr", "flux", "fwhm", "beta", "xc", "yc"]
                assert len(set(hdu.columns.formats)) == 1
                codes.add(hdu.columns.formats[0])
                cases.add(names[0])
    assert codes == {"D", "E"}
    assert cases == {"snr", "SNR"}


def test_profiles_and_images_of_psf_stars(full):
    """Beside their tables, in the fourth exposure."""
    for files in full:
        with fits.open(files.psf) as hdus:
            ids = [hdu.name[3:] for hdu in hdus if hdu.name.startswith("PM_")]
            kinds = ["PM", "PR", "DAT", "FIT"] if files is full[3] else ["PM"]
            assert [hdu.name for hdu in hdus[1:]] == [f"{k}_{i}" for i in ids for k in kinds]
            if files is not full[3]:
                assert hdus[0].data is None
                continue
            radii, profile = hdus[0].data, hdus[f"PR_{ids[0]}"]
            assert profile.shape == (len(radii), profile.header["NAXIS1"])
            assert hdus[f"DAT_{ids[0]}"].shape == (7, 7, profile.header["NAXIS1"])
            # The profile falls to half its peak at half the FWHM.
            last = profile.header["NAXIS1"] - 1
            wavelength = profile.header["CRVAL1"] + last * profile.header["CDELT1"]
            layer = round((wavelength * 1e9 - 475.0) / 0.125)
            half = np.interp(-0.5, -profile.data[:, last], radii)
            assert 2 * half == pytest.approx(by_name(files.prm)["fwhm"][layer], abs=0.2)


def test_identifiers_are_neither_sorted_nor_consecutive(tmp_path):
    files = simulate(tmp_path, exposures=1, sources=50, layers=1)[0]
    ids = fits.getdata(files.prm, "SOURCES")["id"]
    assert len(set(ids)) == 100
    assert list(ids) != sorted(ids)
    assert max(ids) > 100


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
