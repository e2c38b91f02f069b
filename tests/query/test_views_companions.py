"""Views of what a file offered, of catalogues and of positions, on both engines."""

import fits_factory as factory
import numpy as np
from astropy.io import fits
from companion_files import CATALOG, write_catalog, write_log, write_raman


def test_all_hdus_of_all_files_are_listed(db, tree):
    files = tree.add(1)

    def second_sources(hdus: fits.HDUList) -> None:
        table = hdus["SOURCES"].copy()
        table.ver = 2
        hdus.append(table)

    factory.edit(files.prm, second_sources)
    raman = write_raman(tree, "RAMAN_1.fits", DATE_OBS="2018-08-13T00:01:07.123")
    write_catalog(files)
    write_log(tree)
    db.load(tree.root)
    for role, path in (*((r, files.file(r)) for r in factory.ROLES), ("raman", raman)):
        with fits.open(path) as opened:
            expected = [
                (i, hdu.name or "PRIMARY", hdu.ver, len(hdu.header)) for i, hdu in enumerate(opened)
            ]
        found = db.query(
            "SELECT hdu_index, extension_name, extension_version, card_count FROM v_file_hdu"
            " WHERE role = :role ORDER BY hdu_index",
            role=role,
        )
        assert found == expected
        assert (role != "prm") == all(version == 1 for _, _, version, _ in found)
    # A file that failed offers nothing.
    tree.add(2, without=["raw", "psf"])
    write_log(tree, number=2).write_bytes(b"")
    assert db.run("load", tree.root).code == 1
    assert db.query(
        "SELECT role, hdu_index, extension_name, extension_version, hdu_type, dimensions,"
        " column_count, row_count FROM v_file_hdu WHERE role IN ('catalog', 'night_log')"
        " ORDER BY role, hdu_index"
    ) == [
        ("catalog", 0, "DETECTIONS", None, "ecsv", "3 x 3", 3, 3),
        ("night_log", 0, "NIGHT_LOG", None, "text", "", None, 1),
        ("night_log", 1, "WEATHER", None, "text", "", None, 5),
        ("night_log", 2, "CONSTRAINTS", None, "text", "", None, 1),
        ("night_log", 3, "FILES", None, "text", "", None, 2),
    ]


SOURCES = "SELECT {} FROM v_catalog_source ORDER BY exposure_id, catalog_file, row_index, model"


def test_a_catalogue_has_a_row_for_each_analysis_of_its_cube_or_one(db, tree):
    files, alone = (tree.add(n, without=["raw", "prm", "psf"]) for n in (1, 2))
    for model, sources in (("moffat", (3, 17)), ("maoppy", (3,))):
        folder = files.prm.parent / model
        factory.write(folder / files.prm.name, factory.prm())
        factory.write(folder / files.psf.name, factory.psf(sources=sources))
    write_catalog(files)
    write_catalog(alone)
    db.load(tree.root)
    # The catalogue has the numbers 17, 3 and 99.
    assert db.query(SOURCES.format("cube_file, row_index, catalog_id, model, pampelmuse_id")) == [
        ("DATACUBE_0001.fits", 0, 17, "maoppy", None),
        ("DATACUBE_0001.fits", 0, 17, "moffat", 17),
        ("DATACUBE_0001.fits", 1, 3, "maoppy", 3),
        ("DATACUBE_0001.fits", 1, 3, "moffat", 3),
        ("DATACUBE_0001.fits", 2, 99, "maoppy", None),
        ("DATACUBE_0001.fits", 2, 99, "moffat", None),
        ("DATACUBE_0002.fits", 0, 17, None, None),
        ("DATACUBE_0002.fits", 1, 3, None, None),
        ("DATACUBE_0002.fits", 2, 99, None, None),
    ]
    assert db.query(
        "SELECT COUNT(*), COUNT(f.id), COUNT(c.psf_fit_id) FROM v_catalog_source c"
        " LEFT JOIN psf_fit f ON f.id = c.psf_fit_id"
        " AND f.model = c.model AND f.exposure_id = c.exposure_id"
    ) == [(9, 6, 6)]


def test_a_catalogue_is_joined_to_its_own_cube(db, tree):
    """One exposure reduced twice, with other numbers: X and X_2, of which X is analysed."""
    files = tree.add(1, without=["raw"], name="Xé")
    other = tree.add(1, without=["raw", "prm", "psf"], name="Xé_2")
    with fits.open(other.reduced, mode="update") as opened:
        opened[0].header["RERUN"] = True  # the same bytes would be a copy
    write_catalog(files)
    write_catalog(other, "_f606w.detections.cat", CATALOG.replace("17 nan", "18 nan"))
    db.load(tree.root)
    assert db.query(SOURCES.format("cube_file, catalog_id, pampelmuse_id")) == [
        ("Xé.fits", 17, 17),
        ("Xé.fits", 3, 3),
        ("Xé.fits", 99, None),
        ("Xé_2.fits", 18, None),
        ("Xé_2.fits", 3, None),
        ("Xé_2.fits", 99, None),
    ]


def test_the_id_is_the_first_column_of_numbers_and_has_no_fraction(db, tree):
    text = """# %ECSV 1.0
# ---
# datatype:
# - {name: ID, datatype: string}
# - {name: NUMBER, datatype: float64}
# - {name: id, datatype: int64}
ID NUMBER id
a 17.0 1
b nan 2
"" "" 3
c 3.0 4
"""
    first, second = (tree.add(number, without=["raw"]) for number in (1, 2))
    write_catalog(first, text=text)
    fractions = "# 1 NUMBER\n 3.0\n 16.7\n 17.2\n 17.0\n 1.7e19\n 6917528997577384320.0\n"
    second.reduced.with_name(f"{second.name}.se.cat").write_text(fractions)
    db.load(tree.root)
    assert db.query(SOURCES.format("cube_file, row_index, catalog_id, pampelmuse_id")) == [
        ("DATACUBE_0001.fits", 0, 17, 17),
        ("DATACUBE_0001.fits", 3, 3, 3),
        ("DATACUBE_0002.fits", 0, 3, 3),
        ("DATACUBE_0002.fits", 3, 17, 17),
    ]


def test_positions_by_layer(db, tree):
    files = tree.add(1, without=["raw", "psf"])
    names = ("A", "B", "C", "D", "x0", "y0", "other")
    values = np.arange(7 * factory.LAYERS, dtype=float).reshape(7, -1)
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("name", "8A", array=list(names)),
            fits.Column("polyfit", f"{factory.LAYERS}D", array=values),
            fits.Column("fit", f"{factory.LAYERS}D", array=values + 0.5),
        ],
        name="POSPARS",
    )
    factory.edit(files.prm, lambda hdus: hdus.append(table))
    db.load(tree.root)
    columns = [name.lower() for name in names[:6]]
    columns += [f"fit_{name}" for name in columns]
    found = db.query(
        f"SELECT layer, wavelength_nm, {', '.join(columns)} FROM v_position ORDER BY layer"
    )
    wavelengths = (4.75e-7 + np.arange(factory.LAYERS) * 1.25e-10) * 10**9
    assert found == [
        (layer, wavelengths[layer], *values[:6, layer], *(values[:6, layer] + 0.5))
        for layer in range(factory.LAYERS)
    ]


def test_a_catalogue_of_sextractor_is_joined_with_the_sources(db, tree):
    files = tree.add(1, without=["raw"])
    path = files.reduced.with_name(f"{files.name}.se.cat")
    path.write_text("# 1 NUMBER\n# 2 X_IMAGE Position [pixel]\n 3 1.5\n 17 2.5\n 20 nan\n")
    factory.write(files.psf, factory.psf(sources=(3,)))
    db.load(tree.root)
    found = db.query(SOURCES.format("catalog_id, pampelmuse_id, extracted_row, status"))
    assert found == [(3, 3, 0, 3), (17, None, 1, 2), (20, None, None, None)]
    select = "SELECT hdu_type, extension_version FROM v_file_hdu WHERE role = 'catalog'"
    assert db.query(select) == [("sextractor", None)]
    db.succeed("verify", tree.root)
