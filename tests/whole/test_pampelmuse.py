"""What PampelMuse's headers say: the unit of the wavelengths, and the PSF model."""

import numpy as np
from backends import on_sqlite, one_on_mariadb
from fits_factory import MOFFAT, edit, prm, write
from warehouse import aomuse, query

MAOPPY = ("r0", "bck", "amp", "alpha", "ratio", "theta", "beta")
EXPECTED = 475 + 0.125 * np.arange(5)


def with_axis(files, **keywords):
    """Change the spectral axis of SPECTRA; None removes a keyword."""

    def change(hdus):
        header = hdus["SPECTRA"].header
        for keyword, value in keywords.items():
            if value is None:
                header.remove(keyword, ignore_missing=True)
            else:
                header[keyword] = value

    return edit(files.prm, change)


def wavelengths(engine):
    rows = query(engine, "SELECT wavelength_nm FROM psf_layer ORDER BY layer")
    return [value for (value,) in rows]


@one_on_mariadb(
    ("unit", "scale"),
    [
        ("m", 1e-9),
        ("Angstrom", 10),
        ("angstrom", 10),
        ("nm", 1),
        ("um", 1e-3),
        ("micron", 1e-3),
        ("mm", 1e-6),
        (None, 1e-9),
        ("", 1e-9),
    ],
)
def test_the_unit_of_the_wavelengths(unit, scale, tree, engine, db_url):
    with_axis(tree.add(1), CRVAL3=475 * scale, CDELT3=0.125 * scale, CUNIT3=unit)
    assert aomuse(db_url, "load", tree.root).code == 0
    np.testing.assert_allclose(wavelengths(engine), EXPECTED, rtol=1e-12)
    assert aomuse(db_url, "verify", tree.root).code == 0


@on_sqlite
def test_the_axis_may_begin_elsewhere_and_have_a_matrix(tree, engine, db_url):
    axis = {"CRVAL3": 4752.5, "CRPIX3": 3.0, "CDELT3": None, "CD3_3": 1.25, "CUNIT3": "Angstrom"}
    with_axis(tree.add(1), **axis)
    assert aomuse(db_url, "load", tree.root).code == 0
    np.testing.assert_allclose(wavelengths(engine), EXPECTED, rtol=1e-12)
    assert aomuse(db_url, "verify", tree.root).code == 0


@one_on_mariadb(
    ("axis", "why"),
    [
        ({"CRVAL3": 4750.0, "CDELT3": 1.25}, "no CUNIT3 give 4.75e+12"),
        ({"CRVAL3": 4750.0, "CDELT3": 1.25, "CUNIT3": "nm"}, "CUNIT3 nm give 4750 to 4755 nm"),
        ({"CRVAL3": 475.0, "CDELT3": 1.25, "CUNIT3": "furlong"}, "CUNIT3 is 'furlong'"),
        ({"CTYPE3": "WAVE-LOG"}, "CTYPE3 is WAVE-LOG"),
        ({"CTYPE3": "FREQ", "CUNIT3": "Hz"}, "CTYPE3 is FREQ"),
    ],
    ids=["no unit", "a wrong unit", "no wavelength", "logarithmic", "frequency"],
)
def test_what_cannot_be_a_wavelength_is_reported(axis, why, tree, engine, db_url):
    files = tree.add(1)
    with_axis(files, **axis)
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 1
    (error,) = done.errors
    assert error.startswith(f"error: {files.prm}[SPECTRA]")
    assert why in error
    assert wavelengths(engine) == [None] * 5
    assert query(engine, "SELECT COUNT(*) FROM source_sample") == [(10,)]


def with_profile(path, profile):
    """Write PampelMuse's configuration as it does, in small letters."""

    def change(hdus):
        hdus[0].header["HIERARCH PAMPELMUSE psf profile"] = profile

    return edit(path, change)


@one_on_mariadb(
    ("profile", "parameters", "folder", "model", "doubts"),
    [
        ("moffat", MOFFAT, "", "moffat", 0),
        ("maoppy", MAOPPY, "", "maoppy", 0),
        ("Double_Gauss", ("fwhm1", "fwhm2", "f12"), "", "double_gauss", 0),
        ("moffat", ("a", "b"), "", "moffat", 0),
        ("moffat", MOFFAT, "run_maoppy", "moffat", 1),
        ("maoppy", MOFFAT, "", "maoppy", 1),
        (4, MOFFAT, "", "moffat", 0),
        ("", MAOPPY, "", "maoppy", 0),
    ],
)
def test_the_header_says_which_model_was_fitted(
    profile, parameters, folder, model, doubts, tree, engine, db_url
):
    files = tree.add(1, analysis=folder)
    with_profile(write(files.prm, prm(parameters=parameters)), profile)
    assert aomuse(db_url, "load", tree.root).code == 0
    assert query(engine, "SELECT model FROM psf_fit") == [(model,)]
    found = query(engine, "SELECT message FROM load_issue WHERE code = 'model_disagrees'")
    assert len(found) == doubts


@on_sqlite
def test_the_header_of_the_psf_file_says_it_too(tree, engine, db_url):
    files = tree.add(1)
    files.prm.unlink()
    with_profile(files.psf, "moffat")
    aomuse(db_url, "load", tree.root)
    assert query(engine, "SELECT model FROM psf_fit") == [("moffat",)]


@on_sqlite
def test_headers_tell_two_fits_of_a_cube_apart(tree, engine, db_url):
    one = tree.add(1, analysis="first")
    other = tree.add(1, without=["reduced", "raw"], analysis="second")
    with_profile(write(one.prm, prm(parameters=MAOPPY)), "maoppy")
    with_profile(other.prm, "moffat")
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 0, done.err
    rows = query(engine, "SELECT model, fit_rank, psf_file FROM psf_fit ORDER BY fit_rank")
    assert [row[:2] for row in rows] == [("moffat", 1), ("maoppy", 2)]
    assert aomuse(db_url, "load", tree.root).out.splitlines()[-1].count("1 unchanged")


@on_sqlite
def test_two_fits_with_one_model_are_doubled(tree, engine, db_url):
    for folder in ("first", "second"):
        with_profile(tree.add(1, without=["psf"], analysis=folder).prm, "moffat")
    second = tree.root / "analysis" / "second"
    write(next(second.iterdir()), prm(seed=5))
    done = aomuse(db_url, "load", tree.root)
    assert done.code == 1
    assert query(engine, "SELECT model FROM psf_fit") == [("moffat",)]


@one_on_mariadb(
    ("mode", "axis", "says"),
    [
        ("WFM-AO-N", {"CD1_1": -0.2 / 3600, "CD2_1": 0.0}, None),
        ("WFM-AO-N", {"CD1_1": 0.0, "CD2_1": 0.2 / 3600}, None),
        ("WFM-AO-N", {"CD1_1": -0.4 / 3600, "CD2_1": 0.0}, "0.4 arcsec"),
        ("NFM-AO-N", {"CDELT1": -0.02524, "CUNIT1": "arcsec"}, None),
        ("NFM-AO-N", {"CDELT1": -0.05, "CUNIT1": "arcsec"}, "0.05 arcsec"),
        ("NFM-AO-N", {"CD1_1": -0.2, "CTYPE1": "LINEAR"}, None),
        (None, {"CD1_1": -0.4 / 3600}, None),
    ],
)
def test_a_cube_with_other_pixels_is_a_warning(mode, axis, says, tree, engine, db_url):
    files = tree.add(1, without=["raw", "prm", "psf"])

    def change(hdus):
        hdus[0].header["ESO INS MODE"] = mode
        for keyword, value in {"CTYPE1": "RA---TAN", **axis}.items():
            hdus["DATA"].header[keyword] = value

    edit(files.reduced, change)
    assert aomuse(db_url, "load", tree.root).code == 0
    found = query(engine, "SELECT message FROM load_issue WHERE code = 'pixel_scale'")
    assert len(found) == (says is not None)
    assert says is None or says in found[0][0]
