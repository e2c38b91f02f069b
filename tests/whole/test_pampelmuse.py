"""What PampelMuse's headers say: the unit of the wavelengths, and the PSF model."""

import numpy as np
from backends import on_sqlite
from fits_factory import MOFFAT, edit, prm, write

MAOPPY = ("r0", "bck", "amp", "alpha", "ratio", "theta", "beta")
EXPECTED = 475 + 0.125 * np.arange(5)


def with_cards(path, hdu, cards):
    """Change cards of a header; None removes one."""

    def change(hdus):
        for keyword, value in cards.items():
            hdus[hdu].header.remove(keyword, ignore_missing=True)
            if value is not None:
                hdus[hdu].header[keyword] = value

    return edit(path, change)


def with_profile(path, profile):
    """Write PampelMuse's configuration as it does, in small letters."""
    return with_cards(path, 0, {"HIERARCH PAMPELMUSE psf profile": profile})


def wavelengths(db):
    found = db.query("SELECT wavelength_nm FROM psf_layer ORDER BY psf_fit_id, layer")
    return [value for (value,) in found]


UNITS = {"m": 1e-9, "Angstrom": 10, "angstrom": 10, "nm": 1, "um": 1e-3, "micron": 1e-3, "mm": 1e-6}


@on_sqlite
def test_the_unit_of_the_wavelengths(tree, db):
    axes = [
        {"CRVAL3": 475 * scale, "CDELT3": 0.125 * scale, "CUNIT3": unit}
        for unit, scale in (*UNITS.items(), (None, 1e-9), ("", 1e-9))
    ]
    # It may begin elsewhere, and have a matrix.
    matrix = {"CRPIX3": 3.0, "CDELT3": None, "CD3_3": 1.25, "CUNIT3": "Angstrom"}
    axes.append({"CRVAL3": 4752.5, **matrix})
    for number, axis in enumerate(axes):
        with_cards(tree.add(number, without=["raw"]).prm, "SPECTRA", axis)
    db.load(tree.root)
    np.testing.assert_allclose(wavelengths(db), np.tile(EXPECTED, len(axes)), rtol=1e-12)
    db.succeed("verify", tree.root)


#: Axes that cannot be one of wavelengths, and why not.
ODD_AXES = [
    ({"CRVAL3": 4750.0, "CDELT3": 1.25}, "no CUNIT3 give 4.75e+12"),
    ({"CRVAL3": 4750.0, "CDELT3": 1.25, "CUNIT3": "nm"}, "CUNIT3 nm give 4750 to 4755 nm"),
    ({"CRVAL3": 475.0, "CDELT3": 1.25, "CUNIT3": "furlong"}, "CUNIT3 is 'furlong'"),
    ({"CTYPE3": "WAVE-LOG"}, "CTYPE3 is WAVE-LOG"),
    ({"CTYPE3": "FREQ", "CUNIT3": "Hz"}, "CTYPE3 is FREQ"),
]


@on_sqlite
def test_what_cannot_be_a_wavelength_is_reported(tree, db):
    paths = [tree.add(number, without=["raw"]).prm for number in range(len(ODD_AXES))]
    for path, (axis, _) in zip(paths, ODD_AXES, strict=True):
        with_cards(path, "SPECTRA", axis)
    done = db.run("load", tree.root)
    assert (done.code, len(done.errors)) == (1, len(ODD_AXES))
    for path, error, (_, why) in zip(paths, sorted(done.errors), ODD_AXES, strict=True):
        assert error.startswith(f"error: {path}[SPECTRA]")
        assert why in error
    assert wavelengths(db) == [None] * 5 * len(ODD_AXES)
    assert db.count("source_sample") == 10 * len(ODD_AXES)


#: The profile that the header names, the parameters, the folder, the model, and doubts of it.
MODELS = [
    ("moffat", MOFFAT, "", "moffat", 0),
    ("maoppy", MAOPPY, "", "maoppy", 0),
    ("Double_Gauss", ("fwhm1", "fwhm2", "f12"), "", "double_gauss", 0),
    ("moffat", ("a", "b"), "", "moffat", 0),
    ("moffat", MOFFAT, "run_maoppy", "moffat", 1),
    ("maoppy", MOFFAT, "", "maoppy", 1),
    (4, MOFFAT, "", "moffat", 0),
    ("", MAOPPY, "", "maoppy", 0),
]


def test_the_header_says_which_model_was_fitted(tree, db):
    doubted = set()
    for number, (profile, parameters, folder, _, doubts) in enumerate(MODELS):
        files = tree.add(number, without=["raw"], analysis=folder)
        with_profile(write(files.prm, prm(parameters=parameters)), profile)
        doubted |= {str(files.prm)} if doubts else set()
    # The header of the other file says it too.
    files = tree.add(len(MODELS), without=["raw", "prm"])
    with_profile(files.psf, "moffat")
    db.load(tree.root)
    found = db.query("SELECT model FROM psf_fit f JOIN exposure e ON e.id = f.exposure_id"
                     " ORDER BY e.ob_id")  # fmt: skip
    assert found == [(model,) for *_, model, _ in MODELS] + [("moffat",)]
    doubts = db.query("SELECT path FROM load_issue WHERE code = 'model_disagrees'")
    assert sorted(doubts) == sorted((path,) for path in doubted)


@on_sqlite
def test_headers_tell_two_fits_of_a_cube_apart(tree, db):
    one = tree.add(1, analysis="first")
    other = tree.add(1, without=["reduced", "raw"], analysis="second")
    with_profile(write(one.prm, prm(parameters=MAOPPY)), "maoppy")
    with_profile(other.prm, "moffat")
    db.load(tree.root)
    rows = db.query("SELECT model, fit_rank FROM psf_fit ORDER BY fit_rank")
    assert rows == [("moffat", 1), ("maoppy", 2)]
    assert db.load(tree.root).out.splitlines()[-1].count("1 unchanged")


@on_sqlite
def test_two_fits_with_one_model_are_doubled(tree, db):
    first, second = (tree.add(1, without=["psf"], analysis=name) for name in ("first", "second"))
    with_profile(first.prm, "moffat")
    write(second.prm, prm(seed=5))
    assert db.run("load", tree.root).code == 1
    assert db.query("SELECT model FROM psf_fit") == [("moffat",)]


#: Mode of a cube, cards of its pixels' axes, and what a warning says of them.
PIXELS = [
    ("WFM-AO-N", {"CD1_1": -0.2 / 3600, "CD2_1": 0.0}, None),
    ("WFM-AO-N", {"CD1_1": 0.0, "CD2_1": 0.2 / 3600}, None),
    ("WFM-AO-N", {"CD1_1": -0.4 / 3600, "CD2_1": 0.0}, "0.4 arcsec"),
    ("NFM-AO-N", {"CDELT1": -0.02524, "CUNIT1": "arcsec"}, None),
    ("NFM-AO-N", {"CDELT1": -0.05, "CUNIT1": "arcsec"}, "0.05 arcsec"),
    ("NFM-AO-N", {"CD1_1": -0.2, "CTYPE1": "LINEAR"}, None),
    (None, {"CD1_1": -0.4 / 3600}, None),
]


@on_sqlite
def test_a_cube_with_other_pixels_is_a_warning(tree, db):
    expected = {}
    for number, (mode, axis, says) in enumerate(PIXELS):
        path = tree.add(number, without=["raw", "prm", "psf"]).reduced
        with_cards(path, 0, {"ESO INS MODE": mode})
        with_cards(path, "DATA", {"CTYPE1": "RA---TAN", **axis})
        if says:
            expected[str(path)] = says
    db.load(tree.root)
    found = dict(db.query("SELECT path, message FROM load_issue WHERE code = 'pixel_scale'"))
    assert found.keys() == expected.keys()
    assert all(says in found[path] for path, says in expected.items())
