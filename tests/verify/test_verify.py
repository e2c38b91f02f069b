"""verify finds every kind of difference, and none where there is none."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from fits_factory import Tree, edit_bytes, leave_one_channel
from loaded import Loaded

from aomuse.simulate import simulate
from aomuse.verify import compare, verify


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    root = tmp_path_factory.mktemp("night")
    simulate(root, exposures=1, sources=2, layers=9)
    leave_one_channel(root)
    return root


#: Statements that change one value, and what verify then names. Those of a group do not hide each
#: other, and none is named like another; one comparison is to find them all.
TAMPERING = (
    {
        "UPDATE header_card SET value_int = value_int + 1"
        " WHERE value_type = 'int' AND position = 1": "card 1",
        "UPDATE header_card SET value_text = 'x'"
        " WHERE value_type = 'str' AND position = 6": "card 6",
        "UPDATE keyword SET comment = 'other' WHERE name = 'ESO OBS ID'": "'other'",
        "DELETE FROM header_card WHERE position = 7": "card 7",
        "UPDATE header SET card_images = x'789c030000000001'": "header text",
        "UPDATE exposure SET tau0_s = 1.5": "ESO TEL AMBI TAU0",
        "UPDATE exposure SET instrument_mode = 'NFM-AO-N'": "ESO INS MODE",
        "UPDATE exposure SET date_obs_utc = '2001-01-01 00:00:00'": "DATE-OBS",
        "UPDATE sparta_atm SET l0_m = l0_m + 1e-9 WHERE lgs = 3": "column LGS3_L0",
        "UPDATE sparta_atm SET r0_m = l0_m": "column LGS1_R0",  # lasers are swapped
        "UPDATE sparta_cn2_layer SET cn2 = NULL WHERE layer = 8": "CN2_ALT8",
        "UPDATE asm SET dimm_seeing_arcsec = 0.0": "DIMM_SEEING",
        "UPDATE asm SET time_stamp = 'never'": "TIME_STAMP",
        "UPDATE psf_parameter SET value = value * 2 WHERE layer = 4": "polyfit",
        "UPDATE psf_layer SET wavelength_nm = wavelength_nm + 1": "wavelengths",
        "UPDATE source_sample SET flux = flux * 1.0000001 WHERE layer = 8": "row 8",
        "UPDATE source_sample SET xc = NULL WHERE layer = 0": "column xc row 0",
    },
    {
        "UPDATE header_card SET value_type = 'bool' WHERE position = 1": "card 1",
        "UPDATE target SET name = 'other'": "exposure target",
        "UPDATE table_value SET value_int = value_int + 1": "column",
    },
    {
        "DELETE FROM header WHERE extension_name = 'CHAN07'": "number of HDUs",
        "DELETE FROM source_sample WHERE layer = 8": "8 values",
    },
    {"UPDATE table_column SET name = 'x' WHERE position = 2": "columns"},
)


def found_in(db: Loaded, *roots: list[Path]) -> list[str]:
    """Give all differences."""
    return [found for result in verify(db.engine, *roots) for found in result.differences]


def test_equal_after_load(engine, night, load_once):
    load_once(night)
    for results in (verify(engine), verify(engine, [night])):
        assert [result.differences for result in results] == [()] * 7
        assert sum(result.values for result in results) > 3000


def test_every_change_is_found(db, night, load_once):
    load_once(night)
    for group in TAMPERING:
        with db.engine.connect() as connection:
            for statement in group:
                assert connection.execute(sa.text(statement)).rowcount > 0, statement
            differences = [d for result in compare(connection) for d in result.differences]
            connection.rollback()
        for statement, named in group.items():
            assert any(named in difference for difference in differences), (statement, differences)
    assert found_in(db) == []


def test_special_values_are_compared(db, tree):
    with fits.open(tree.add(1).psf, mode="update") as hdus:
        hdus[1].data["flux"][:3] = [float("inf"), float("-inf"), -0.0]
    db.load(tree.root)
    assert found_in(db) == []
    assert db.count("special_value") >= 3
    db.execute("DELETE FROM special_value")
    (different,) = [result for result in verify(db.engine) if result.differences]
    assert len(different.differences) == 3


@on_sqlite
def test_command(db, night, tmp_path):
    root, other = tmp_path / "night", tmp_path / "other"
    shutil.copytree(night, root)
    db.load(root)
    assert "7 files" in db.succeed("verify", root).out
    next((root / "raw").iterdir()).unlink()
    simulate(other, exposures=1, sources=1, layers=3, seed=9)
    for arguments, said in (((), "cannot be read"), ((other,), "not in the database")):
        done = db.run("verify", *arguments)
        assert (done.code, said in done.err) == (1, True)
        assert "Traceback" not in done.text


@one_on_mariadb("encoding", ["utf-8", "latin-1"])
def test_units_that_are_not_ascii(db, tree, encoding):
    unit = "'µm'".encode(encoding).ljust(10)
    edit_bytes(tree.add(1).raw, lambda content: content.replace(b"'adu     '", unit))
    db.load(tree.root)
    assert db.scalar("SELECT COUNT(*) FROM table_column WHERE unit = 'µm'")
    assert found_in(db) == []


@on_sqlite
def test_a_refused_file_in_an_odd_folder_has_its_reason(db, tmp_path):
    Tree(tmp_path / "two\nlines \x1b[31m").add(1).psf.write_bytes(b"")
    db.fail("load", tmp_path)
    (reason,) = found_in(db, [tmp_path])
    assert reason.startswith("the file could not be loaded: the file is empty")
