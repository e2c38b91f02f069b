"""The two files of the PSF analysis."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from aomuse.simulate import SimulatedExposure, simulate
from aomuse.simulate.psf import wavelengths


@pytest.fixture(scope="module")
def analyses(tree):
    """Give the opened parameter and source file of each exposure."""
    with ExitStack() as stack:
        yield [
            [stack.enter_context(fits.open(path)) for path in (files.prm, files.psf)]
            for files in tree
        ]


def by_name(path: Path, table: str = "PSFPARS") -> dict[str, np.ndarray]:
    data = fits.getdata(path, table)
    return dict(zip(data["name"], data["polyfit"], strict=True))


def names_of(hdus: fits.HDUList) -> list[str]:
    return [hdu.name for hdu in hdus]


def test_wavelengths(full_night):
    header = fits.getheader(full_night[0].prm, "SPECTRA")
    assert header["NAXIS3"] == 3681
    read = (header["CRVAL3"] + np.arange(3681) * header["CDELT3"]) * 1e9
    np.testing.assert_array_equal(read, wavelengths(3681))
    assert read[[0, -1]] == pytest.approx([475.0, 935.0])


def test_parameters(analyses):
    for prm, _ in analyses:
        tables = ["PSFPARS", "POSPARS", "POSITIONS"]
        assert names_of(prm) == ["PRIMARY", "SOURCES", "SPECTRA", *tables]
        psf, positions = prm["PSFPARS"], prm["POSPARS"].data
        assert psf.columns.names == ["name", "fit", "polyfit", "free", "order"]
        assert psf.columns.formats == ["8A", "40D", "40D", "L", "I"]
        assert list(psf.data["name"]) == ["beta", "fwhm", "e", "theta"]
        assert list(positions["name"]) == ["A", "B", "C", "D", "x0", "y0"]
        # As public tools read it: the second column, without layers that could not be fitted.
        medians = [np.nanmedian(row[1]) for row in positions]
        assert medians == pytest.approx(np.median(positions["polyfit"], axis=1), abs=1e-3)


def test_narrow_field_is_fitted_twice(tree):
    narrow = [files for files in tree if files.maoppy_prm]
    assert narrow == [files for files in tree if files.mode.startswith("NFM")]
    for files in narrow:
        assert files.maoppy_prm == files.prm.parent / "maoppy" / files.prm.name
        assert files.maoppy_psf == files.prm.parent / "maoppy" / files.psf.name
        parameters = by_name(files.maoppy_prm)
        assert list(parameters) == ["r0", "bck", "amp", "alpha", "ratio", "theta", "beta"]
        # r0 goes with wavelength^(6/5).
        wavelength = wavelengths(40)
        expected = parameters["r0"][0] * (wavelength / wavelength[0]) ** 1.2
        np.testing.assert_allclose(parameters["r0"], expected)
        every, again = (fits.getdata(p, "SOURCES") for p in (files.prm, files.maoppy_prm))
        assert list(again["id"]) == list(every["id"])
        chosen = again["id"][again["status"] == 3]
        assert set(chosen) == set(every["id"][np.argsort(every["mag"])[:2]])
        with fits.open(files.maoppy_psf) as hdus:
            assert names_of(hdus) == ["PRIMARY", *(f"PM_{i}" for i in chosen)]
            names = [name.lower() for name in hdus[1].columns.names]
            assert names == ["snr", "flux", "r0", "amp", "xc", "yc"]


def test_all_extracted_sources_are_in_the_parameter_file(analyses):
    """Twice as many as the stars that the PSF is fitted to."""
    columns = ["id", "status", "specrow", "ra", "dec", "x", "y", "mag"]
    for prm, _ in analyses:
        assert prm["SOURCES"].columns.names == columns
        assert prm["SOURCES"].columns.formats == ["J", "J", "J", "D", "D", "D", "D", "E"]
        rows = prm["SOURCES"].data
        assert list(rows["specrow"]) == list(range(6))
        assert set(rows["status"]) <= {1, 2, 3}
        bright = rows["status"] == 3
        assert bright.sum() == 3
        assert rows["mag"][bright].max() <= rows["mag"][~bright].min()

        assert prm["SPECTRA"].shape == (40, 2, 6)
        flux, uncertainty = np.median(prm["SPECTRA"].data, axis=0)
        brightest, faintest = np.argmin(rows["mag"]), np.argmax(rows["mag"])
        assert flux[brightest] == flux.max() > flux[faintest] > uncertainty[faintest] > 0

        places, shifts = prm["POSITIONS"].data, prm["POSPARS"].data
        assert list(places["id"]) == list(rows["id"])
        middle = np.polyval(places["x"][0][::-1], (wavelengths(40)[20] - 700.0) / 1000.0)
        shift = shifts["polyfit"][shifts["name"] == "x0"][0][20]
        assert middle == pytest.approx(rows["x"][0] + shift, abs=1e-3)


def test_psf_stars_have_tables(analyses):
    codes, cases = set(), set()
    for prm, psf in analyses:
        sources = prm["SOURCES"].data
        ids = sources["id"][sources["status"] == 3]
        tables = [hdu for hdu in psf if hdu.name.startswith("PM_")]
        assert names_of(tables) == [f"PM_{i}" for i in ids]
        for hdu in tables:
            assert len(hdu.data) == 40
            names = hdu.columns.names
            assert [n.lower() for n in names] == ["snr", "flux", "fwhm", "beta", "xc", "yc"]
            (code,) = set(hdu.columns.formats)
            codes.add(code)
            cases.add(names[0])
    assert codes == {"D", "E"}
    assert cases == {"snr", "SNR"}


def test_profiles_and_images_of_psf_stars(full_night):
    """Beside their tables, in the fourth exposure."""
    for files in full_night:
        with fits.open(files.psf) as hdus:
            ids = [hdu.name[3:] for hdu in hdus if hdu.name.startswith("PM_")]
            kinds = ["PM", "PR", "DAT", "FIT"] if files is full_night[3] else ["PM"]
            assert names_of(hdus[1:]) == [f"{k}_{i}" for i in ids for k in kinds]
            assert (hdus[0].data is None) is (files is not full_night[3])
    with fits.open(full_night[3].psf) as hdus:
        radii, profile = hdus[0].data, hdus[f"PR_{hdus[1].name[3:]}"]
        layers = profile.header["NAXIS1"]
        assert profile.shape == (len(radii), layers)
        assert hdus[f"DAT_{hdus[1].name[3:]}"].shape == (7, 7, layers)
        # The profile falls to half its peak at half the FWHM.
        wavelength = profile.header["CRVAL1"] + (layers - 1) * profile.header["CDELT1"]
        layer = round((wavelength * 1e9 - 475.0) / 0.125)
        half = np.interp(-0.5, -profile.data[:, -1], radii)
        assert 2 * half == pytest.approx(by_name(full_night[3].prm)["fwhm"][layer], abs=0.2)


def test_any_number_of_sources(tmp_path):
    none = simulate(tmp_path / "none", exposures=1, sources=0, layers=3)[0]
    with fits.open(none.psf) as hdus:
        assert len(hdus) == 1
    assert len(fits.getdata(none.prm, "SOURCES")) == 0
    # Identifiers are neither sorted nor consecutive.
    many = simulate(tmp_path / "many", exposures=1, sources=50, layers=1)[0]
    ids = fits.getdata(many.prm, "SOURCES")["id"]
    assert len(set(ids)) == 100
    assert list(ids) != sorted(ids)
    assert max(ids) > 100


def test_psf_sharpens_towards_the_red(full_night):
    for files in full_night:
        parameters = by_name(files.prm)
        # MUSE alone is a little sharper at 475 than at 550 nm; the diffraction limit grows.
        wavelength = wavelengths(3681)
        between = (wavelength >= 550.0) & (wavelength <= 850.0)
        assert np.all(np.diff(parameters["fwhm"][between]) < 0)
        assert 1.0 < parameters["fwhm"][0] < 6.0
        assert 1.6 < parameters["beta"].min() <= parameters["beta"].max() < 3.2
        assert not np.isnan(parameters["e"]).any()
    # And positions shift with the wavelength.
    shift = by_name(full_night[0].prm, "POSPARS")
    length = np.hypot(shift["x0"], shift["y0"])
    assert 0.05 < length[0] < 3.0
    assert length[1800] < 0.01


def test_correction_helps(full_night):
    def relative(files: SimulatedExposure) -> float:
        header = fits.getheader(files.reduced)
        width = by_name(files.prm)["fwhm"][2000] * header["ESO OCS IPS PIXSCALE"]
        return float(width / header["ESO TEL AMBI FWHM START"])

    *corrected, natural = map(relative, full_night)
    assert max(corrected) < natural


def test_the_notch_is_empty_only_with_sodium_light(full_night):
    wavelength = wavelengths(3681)
    blocked = {"WFM-AO-N": (580.5, 596.6), "WFM-AO-E": (575.5, 600.8), "NFM-AO-N": (578.0, 605.0)}
    for files in full_night:
        star = fits.getdata(files.psf, 1)
        empty = np.isnan(star["flux"])
        if files.mode == "WFM-NOAO-N":
            assert not empty.any()
        else:
            assert wavelength[empty][[0, -1]] == pytest.approx(blocked[files.mode], abs=0.125)
            assert empty.sum() == pytest.approx(np.ptp(blocked[files.mode]) / 0.125, abs=1)
        assert np.nanmedian(star["snr"]) > 3.0
