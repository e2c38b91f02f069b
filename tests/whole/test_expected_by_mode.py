"""What files of a mode never have is not missing; what others of the mode have is."""

from astropy.io import fits
from backends import on_sqlite
from fits_factory import edit

from aomuse.database import Database
from aomuse.report.missing import read_parts

TABLES = ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA", "SGS_DATA", "AG_DATA")


def taken_in(tree, number, mode, without=(), keyword=None):
    """Add an exposure of a mode without some tables and a keyword."""
    files = tree.add(number, without=["prm", "psf"])

    def change(hdus):
        hdus[0].header["ESO INS MODE"] = mode
        if keyword is not None:
            hdus[0].header.remove(keyword, ignore_missing=True)
        return fits.HDUList([hdu for hdu in hdus if hdu.name not in without])

    edit(files.reduced, change)
    edit(files.raw, change)
    return files


#: Mode, tables that are not in the raw file, and those of them that are missing.
MISSING_TABLES = [
    ("NFM-AO-N", ("SGS_DATA", "AG_DATA"), None),
    ("NFM-AO-N", ("SGS_DATA", "ASM_DATA"), "ASM_DATA"),
    ("NFM-AO-N", TABLES, "SPARTA_ATM_DATA, SPARTA_CN2_DATA, ASM_DATA"),
    ("WFM-NOAO-N", ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA"), None),
    ("WFM-NOAO-E", ("SPARTA_ATM_DATA", "AG_DATA"), "AG_DATA"),
    ("WFM-AO-E", ("SPARTA_CN2_DATA", "SGS_DATA"), "SPARTA_CN2_DATA, SGS_DATA"),
    ("WFM-AO-N", (), None),
]


@on_sqlite
def test_tables_of_the_raw_file(tree, db):
    expected = []
    for number, (mode, without, missing) in enumerate(MISSING_TABLES):
        path = taken_in(tree, number, mode, without).raw
        if missing:
            expected.append(f"{path} the file has no {missing}, which other files of {mode}")
    db.load(tree.root)
    issues = "SELECT path, message FROM load_issue WHERE code = 'extension_missing' ORDER BY path"
    found = [" ".join(row) for row in db.query(issues)]
    assert len(found) == len(expected)
    assert all(map(str.startswith, found, expected))


#: Mode, a keyword that is not in the headers, and whether it is missing.
MISSING_KEYWORDS = [
    ("WFM-NOAO-N", "ESO AOS TT LOOP ST", False),
    ("WFM-NOAO-N", "ESO TEL AMBI FWHM END", True),
    ("WFM-AO-N", "ESO AOS TT LOOP ST", True),
    ("NFM-AO-N", "ESO OCS SGS FWHM AVG", False),
    ("WFM-AO-N", "ESO OCS SGS FWHM AVG", True),
]


@on_sqlite
def test_keywords_of_the_header(tree, db):
    paths = [
        str(taken_in(tree, number, mode, keyword=keyword).reduced)
        for number, (mode, keyword, _) in enumerate(MISSING_KEYWORDS)
    ]
    db.load(tree.root)
    found = db.query("SELECT path, message FROM load_issue WHERE code = 'keyword_missing'")
    for path, (mode, keyword, missing) in zip(paths, MISSING_KEYWORDS, strict=True):
        said = any(keyword in text for where, text in found if where == path)
        assert said == missing, (mode, keyword)


def test_the_report_says_what_is_not_expected(tree, db):
    taken_in(tree, 1, "NFM-AO-N", ("SGS_DATA", "AG_DATA", "ASM_DATA"))
    db.load(tree.root)
    exposures = Database(db.engine).exposures().assign(mode="NFM-AO-N")
    parts, _ = read_parts(db.engine, exposures)
    states = dict(zip(parts["part"], parts["state"], strict=True))
    expected = ["there", "there", "missing", "not expected", "not expected"]
    assert [states[name] for name in TABLES] == expected
