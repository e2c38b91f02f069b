"""What files of a mode never have is not missing; what others of the mode have is."""

from astropy.io import fits
from backends import one_on_mariadb
from fits_factory import edit
from warehouse import aomuse, query

from aomuse.database import Database
from aomuse.report.missing import read_parts

TABLES = ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA", "SGS_DATA", "AG_DATA")


def taken_in(tree, mode, without=(), keywords=()):
    """Add an exposure of a mode without some tables and keywords."""
    files = tree.add(1, without=["prm", "psf"])

    def change(hdus):
        hdus[0].header["ESO INS MODE"] = mode
        for keyword in keywords:
            hdus[0].header.remove(keyword, ignore_missing=True)
        return fits.HDUList([hdu for hdu in hdus if hdu.name not in without])

    edit(files.reduced, change)
    edit(files.raw, change)
    return files


@one_on_mariadb(
    ("mode", "without", "missing"),
    [
        ("NFM-AO-N", ("SGS_DATA", "AG_DATA"), ()),
        ("NFM-AO-N", ("SGS_DATA", "ASM_DATA"), ("ASM_DATA",)),
        ("NFM-AO-N", TABLES, ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA", "ASM_DATA")),
        ("WFM-NOAO-N", ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA"), ()),
        ("WFM-NOAO-E", ("SPARTA_ATM_DATA", "AG_DATA"), ("AG_DATA",)),
        ("WFM-AO-E", ("SPARTA_CN2_DATA", "SGS_DATA"), ("SPARTA_CN2_DATA", "SGS_DATA")),
        ("WFM-AO-N", (), ()),
    ],
)
def test_tables_of_the_raw_file(mode, without, missing, tree, engine, db_url):
    taken_in(tree, mode, without)
    assert aomuse(db_url, "load", tree.root).code == 0
    found = query(engine, "SELECT message FROM load_issue WHERE code = 'extension_missing'")
    if not missing:
        assert found == []
        return
    ((message,),) = found
    assert message.startswith(f"the file has no {', '.join(missing)}, which other files of {mode}")


@one_on_mariadb(
    ("mode", "keyword", "missing"),
    [
        ("WFM-NOAO-N", "ESO AOS TT LOOP ST", False),
        ("WFM-NOAO-N", "ESO TEL AMBI FWHM END", True),
        ("WFM-AO-N", "ESO AOS TT LOOP ST", True),
        ("NFM-AO-N", "ESO OCS SGS FWHM AVG", False),
        ("WFM-AO-N", "ESO OCS SGS FWHM AVG", True),
    ],
)
def test_keywords_of_the_header(mode, keyword, missing, tree, engine, db_url):
    taken_in(tree, mode, keywords=[keyword])
    assert aomuse(db_url, "load", tree.root).code == 0
    found = query(engine, "SELECT message FROM load_issue WHERE code = 'keyword_missing'")
    assert any(keyword in message for (message,) in found) == missing


def test_the_report_says_what_is_not_expected(tree, engine, db_url):
    taken_in(tree, "NFM-AO-N", ("SGS_DATA", "AG_DATA", "ASM_DATA"))
    assert aomuse(db_url, "load", tree.root).code == 0
    exposures = Database(engine).exposures().assign(mode="NFM-AO-N")
    parts, _ = read_parts(engine, exposures)
    states = dict(zip(parts["part"], parts["state"], strict=True))
    assert [states[name] for name in TABLES] == [
        *("there", "there", "missing"),
        *("not expected", "not expected"),
    ]
