"""Companions of an exposure, from the files to the views, on both engines."""

import datetime as dt
import os

import fits_factory as factory
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from companion_files import CATALOG, WEATHER, with_time, write_catalog, write_log, write_raman


def test_all_of_it(db, tree):
    files = tree.add(1)
    with_time(files.file("reduced"), 600.0)
    paths = {
        "night_log": write_log(tree),
        "catalog": write_catalog(files),
        "raman": write_raman(tree, "MUSE_RAMAN_1.fits", DATE_OBS="2018-08-13T00:01:07.5"),
    }
    db.load(tree.root)
    number = db.exposure_id(files.archive_id)
    found = dict(db.query("SELECT role, path FROM source_file"))
    assert {role: found[role] for role in paths} == {role: str(p) for role, p in paths.items()}

    (log,) = db.rows("night_log")
    expected = {
        "content": paths["night_log"].read_bytes(),
        "seeing_min_arcsec": 0.5,
        "seeing_max_arcsec": 1.2,
        "wind_min_m_s": None,
        "overall_comment": "a quiet night",
        "ob_id": 2001,
        "program_id": "60.A-9100(G)",
        "ob_grade": "A",
        "ob_start_utc": dt.datetime(2018, 8, 13, 0, 0, 1),
        "night_start_utc": dt.datetime(2018, 8, 12, 12),
    }
    assert {column: log[column] for column in expected} == expected
    weather = ("exposure_id", "row_index", "time_utc", "sky_condition", "comment")
    assert [tuple(row[column] for column in weather) for row in db.rows("night_weather")] == [
        (number, 0, dt.datetime(2018, 8, 12, 22, 4), "ThickCirrus", "thick clouds"),
        (number, 1, dt.datetime(2018, 8, 12, 23, 59), "ThinCirrus", None),
        (number, 2, dt.datetime(2018, 8, 13, 0, 1), "Clear", "free"),
        (number, 3, dt.datetime(2018, 8, 13, 0, 9), "Photometric", "no clouds"),
        (number, 4, dt.datetime(2018, 8, 13, 1, 30), "ThinCirrus", "again"),
    ]
    constraints = "SELECT name, fulfilled, requested, requested_value FROM night_constraint"
    assert db.query(constraints) == [("Seeing", "yes", "0.8", 0.8)]
    assert db.query(
        "SELECT archive_id, exposure_id, exposure_number, exposure_count, airmass,"
        " dimm_seeing_arcsec, ob_grade FROM v_night_file ORDER BY exposure_number"
    ) == [
        (factory.archive_id(1), number, 1, 2, 1.06, 0.47, "A"),
        ("MUSE.2018-08-13T09:00:00.000", None, 2, 2, 1.07, 0.5, "A"),
    ]
    assert db.query("SELECT * FROM v_sky_condition") == [
        (number, "Clear", "free", "Photometric", "no clouds")
    ]

    assert db.query(
        "SELECT name, unit, description, datatype FROM table_column WHERE datatype IS NOT NULL"
        " ORDER BY position"
    ) == [
        ("id", None, "number", "int64"),
        ("mag", "mag", "magnitude", "float64"),
        ("note", None, None, "string"),
    ]
    assert db.query("SELECT row_index, id, mag, note FROM v_detections ORDER BY row_index") == [
        (0, 17, None, "first"),
        (1, 3, None, None),
        (2, 99, 0.0, "not fitted"),
    ]
    special = "SELECT value FROM special_value WHERE table_name = 'table_value'"
    assert db.scalar(special) == "-0.0"
    sources = "SELECT catalog_id, pampelmuse_id FROM v_catalog_source ORDER BY row_index"
    assert db.query(sources) == [(17, 17), (3, 3), (99, None)]
    cards = "SELECT extension_name, value FROM v_header WHERE keyword = 'cube'"
    assert db.query(cards) == [("DETECTIONS", "X")]
    assert db.scalar("SELECT value FROM v_header WHERE keyword = 'ESO QC RAMAN FLUX'") == "12.5"

    verified = db.succeed("verify").out
    assert "7 files" in verified
    assert "0 files with differences" in verified
    assert "1 unchanged" in db.load(tree.root).out


#: Exposure time, entries of the log, and the sky at start and end.
SKIES = [
    (600.0, WEATHER, ("Clear", "free", "Photometric", "no clouds")),
    (None, WEATHER, ("Clear", "free", None, None)),
    (0.0, WEATHER, ("Clear", "free", "Clear", "free")),
    # The end is 00:09:00 to the microsecond: the entry of that minute counts.
    (472.877, WEATHER, ("Clear", "free", "Photometric", "no clouds")),
    (472.876, WEATHER, ("Clear", "free", "Clear", "free")),
    (40000.0, WEATHER, ("Clear", "free", "ThinCirrus", "again")),
    (600.0, WEATHER[3:], (None, None, "Photometric", "no clouds")),
    (600.0, WEATHER[4:], (None, None, None, None)),
    (600.0, WEATHER[:2], ("ThinCirrus", None, "ThinCirrus", None)),
    (600.0, ("00:01\tClear\tone", "00:01\tThickCirrus\ttwo"), ("ThickCirrus", "two") * 2),
    (600.0, (), (None, None, None, None)),
]


def test_the_sky_at_start_and_end(db, tree):
    for number, (exptime, weather, _) in enumerate(SKIES, 1):
        files = tree.add(number, without=["raw", "psf"])
        with_time(files.file("reduced"), exptime, begin="2018-08-13T00:01:07.123")
        write_log(tree, weather, number)
    db.load(tree.root)
    found = db.query(
        "SELECT s.* FROM v_sky_condition s JOIN exposure e ON e.id = s.exposure_id"
        " ORDER BY e.archive_id"
    )
    assert [tuple(row[1:]) for row in found] == [expected for _, _, expected in SKIES]


@on_sqlite
def test_texts_that_come_later_or_change_are_loaded_and_verify_sees_it(db, tree):
    files = tree.add(1, without=["psf"])
    db.load(tree.root)
    number = db.scalar("SELECT id FROM exposure")
    log, catalog = write_log(tree), write_catalog(files)
    assert "1 completed" in db.load(tree.root).out
    assert db.count("night_log") == 1

    write_log(tree, WEATHER[:2])
    catalog.write_text(CATALOG.replace("17 nan", "18 nan"))
    verified = db.run("verify")
    assert verified.code == 1
    assert str(log) in verified.text
    assert "column id row 0: the file has 18, the database 17" in verified.text

    assert "1 replaced" in db.load(tree.root).out
    assert db.scalar("SELECT id FROM exposure") == number
    assert db.count("night_weather") == 2
    db.succeed("verify")
    # Texts that are only touched are not read again.
    for path in (log, catalog):
        os.utime(path, (1, 1))
    assert "1 unchanged" in db.load(tree.root).out


@on_sqlite
def test_names_of_catalogues(db, tree):
    names = {
        ".detections.cat": "DETECTIONS",
        "_f606w.detections.cat": "DETECTIONS",
        ".se.cat": "SE",
    }
    cubes = [tree.add(number, without=["raw", "psf"]) for number in range(len(names))]
    paths = [str(write_catalog(files, name)) for files, name in zip(cubes, names, strict=True)]
    db.load(tree.root)
    assert db.query(
        "SELECT f.path, h.extension_name FROM source_file f JOIN header h"
        " ON h.source_file_id = f.id WHERE f.role = 'catalog' ORDER BY f.path"
    ) == list(zip(paths, ("DETECTIONS", "DETECTIONS", "SE"), strict=True))


@on_sqlite
def test_a_catalogue_belongs_to_the_longest_name(db, tree):
    one, two = tree.add(1, without=["raw", "psf"]), tree.add(2, without=["raw", "psf"])
    cube = one.file("reduced")
    longer = two.file("reduced").rename(cube.with_name(f"{cube.stem}_x.fits"))
    write_catalog(one, "_x_f606w.detections.cat")
    db.run("load", tree.root)
    assert db.query(
        "SELECT r.name FROM source_file c JOIN source_file r ON r.exposure_id = c.exposure_id"
        " AND r.role = 'reduced' WHERE c.role = 'catalog'"
    ) == [(longer.name,)]


#: Exposures with their Raman images.
TIED = (
    "SELECT e.archive_id, f.path FROM source_file f JOIN exposure e ON e.id = f.exposure_id"
    " WHERE f.role = 'raman' ORDER BY e.archive_id"
)
#: DATE-OBS and MJD-OBS of an image in an hour in which exposures begin after 67.123 and 127.123
#: seconds, the exposure that it belongs to, and the code of its issue.
TIMES = [
    ("01:07.123", None, 1, None),
    ("02:09.123", None, 2, None),
    ("02:09.124", None, None, "no_exposure"),
    (None, 67.123, 1, None),
    (None, 43200.0, None, "no_exposure"),
    ("yesterday", None, None, "no_exposure"),
    (None, None, None, "no_exposure"),
    ("01:07.123", 67.123, 1, None),
    ("01:07", 68.999, 1, None),
    ("01:07", 70.0, 1, "times_disagree"),
    ("01:07", 86400.0, 1, "times_disagree"),
    ("01:27", 127.123, 2, "times_disagree"),
    ("01:07", 127.123, None, "ambiguous"),
    ("01:37.123", 97.123, None, "no_exposure"),
]


def test_raman_images_are_tied_by_time(db, tree):
    owners, codes = [], {}
    for hour, (date_obs, mjd_obs, owner, code) in enumerate(TIMES):
        for number in (1, 2):
            tree.add(60 * hour + number, without=["raw", "prm", "psf"])
        cards = {}
        if date_obs is not None:
            cards["DATE_OBS"] = f"2018-08-13T{hour:02d}:{date_obs}"
        if mjd_obs is not None:
            cards["MJD_OBS"] = 58343 + (3600 * hour + mjd_obs) / 86400
        path = str(write_raman(tree, f"RAMAN_{hour:02d}.fits", **cards))
        if owner is not None:
            owners.append((factory.archive_id(60 * hour + owner), path))
        codes[path] = code
    for times in ("first", "again"):
        db.fail("load", tree.root)
        assert db.query(TIED) == owners, times
        issues = [*db.open_issues(), *db.open_issues("warning"), *db.open_issues("note")]
        found = sorted((path, code) for code, path in issues if path in codes)
        assert found == [(path, code) for path, code in codes.items() if code], times


@on_sqlite
def test_a_file_that_only_is_called_raman_is_left_out(db, tree):
    tree.add(1, without=["raw", "psf"])
    path = write_raman(tree, "RAMAN_LINES.fits", DATE_OBS="2018-08-13T00:01:07.123")
    fits.setval(path, "ESO PRO CATG", value="RAMAN_LINES")
    assert "ESO PRO CATG is RAMAN_LINES" in db.load(tree.root, "--dry-run").text
    db.load(tree.root)
    assert db.query(TIED) == []


@one_on_mariadb(
    ("name", "content", "code"),
    [
        ("catalog", b"", "empty"),
        ("catalog", b"NUMBER\n 1\n", "not_ecsv"),
        ("catalog", CATALOG.replace("17 nan", "17.5 nan").encode(), "damaged"),
        ("night_log", b"\n \n", "empty"),
        ("raman", b"no FITS", "not_fits"),
    ],
)
def test_a_bad_companion_does_not_stop_the_exposure(db, tree, name, content, code):
    files = tree.add(1, without=["psf"])
    paths = {
        "catalog": write_catalog(files),
        "night_log": write_log(tree),
        "raman": write_raman(tree, "RAMAN_1.fits", DATE_OBS="2018-08-13T00:01:07.123"),
    }
    path = str(paths[name])
    good = paths[name].read_bytes()
    paths[name].write_bytes(content)
    assert path in db.fail("load", tree.root)
    assert db.open_issues() == [(code, path)]
    assert db.count("exposure") == 1
    assert db.count("sparta_atm") > 0
    others = db.loaded_paths()

    paths[name].write_bytes(good)
    db.load(tree.root)
    assert db.loaded_paths() - others == {path}


@on_sqlite
def test_a_log_without_its_exposure_is_told(db, tree):
    tree.add(1, without=["raw", "psf"])
    path = write_log(tree, number=7)
    db.load(tree.root)
    assert ("no_exposure", str(path)) in db.open_issues("warning")
    tree.add(7, without=["raw", "psf"])
    db.load(tree.root)
    assert db.count("night_log") == 1
