"""verify finds every kind of difference, and none where there is none."""

import shutil

import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite, one_on_mariadb
from click.testing import CliRunner
from fits_factory import Tree, leave_one_channel

from aomuse import pipeline
from aomuse.cli import cli
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
        "integer card": (
            "UPDATE header_card SET value_int = value_int + 1"
            " WHERE value_type = 'int' AND position = 1",
            "card 1",
        ),
        "string card": (
            "UPDATE header_card SET value_text = 'x' WHERE value_type = 'str' AND position = 6",
            "card 6",
        ),
        "comment": ("UPDATE keyword SET comment = 'other' WHERE name = 'ESO OBS ID'", "'other'"),
        "missing card": ("DELETE FROM header_card WHERE position = 7", "card 7"),
        "card images": ("UPDATE header SET card_images = x'789c030000000001'", "header text"),
        "promoted keyword": ("UPDATE exposure SET tau0_s = 1.5", "ESO TEL AMBI TAU0"),
        "mode": ("UPDATE exposure SET instrument_mode = 'NFM-AO-N'", "ESO INS MODE"),
        "start": ("UPDATE exposure SET date_obs_utc = '2001-01-01 00:00:00'", "DATE-OBS"),
        "laser": ("UPDATE sparta_atm SET l0_m = l0_m + 1e-9 WHERE lgs = 3", "column LGS3_L0"),
        "lasers swapped": ("UPDATE sparta_atm SET r0_m = l0_m", "column LGS1_R0"),
        "layer of Cn2": ("UPDATE sparta_cn2_layer SET cn2 = NULL WHERE layer = 8", "CN2_ALT8"),
        "site monitor": ("UPDATE asm SET dimm_seeing_arcsec = 0.0", "DIMM_SEEING"),
        "time stamp": ("UPDATE asm SET time_stamp = 'never'", "TIME_STAMP"),
        "PSF parameter": ("UPDATE psf_parameter SET value = value * 2 WHERE layer = 4", "polyfit"),
        "wavelength": ("UPDATE psf_layer SET wavelength_nm = wavelength_nm + 1", "wavelengths"),
        "sample": ("UPDATE source_sample SET flux = flux * 1.0000001 WHERE layer = 8", "row 8"),
        "sample NULL": ("UPDATE source_sample SET xc = NULL WHERE layer = 0", "column xc row 0"),
    },
    {
        "card's type": ("UPDATE header_card SET value_type = 'bool' WHERE position = 1", "card 1"),
        "target": ("UPDATE target SET name = 'other'", "exposure target"),
        "column store": ("UPDATE table_value SET value_int = value_int + 1", "column"),
    },
    {
        "missing HDU": ("DELETE FROM header WHERE extension_name = 'CHAN07'", "number of HDUs"),
        "missing samples": ("DELETE FROM source_sample WHERE layer = 8", "8 values"),
    },
    {
        "column definition": ("UPDATE table_column SET name = 'x' WHERE position = 2", "columns"),
    },
)


def test_equal_after_load(engine, night, load_once):
    load_once(night)
    for results in (verify(engine), verify(engine, [night])):
        assert [result.differences for result in results] == [()] * 7
        assert sum(result.values for result in results) > 3000


def test_every_change_is_found(engine, night, load_once):
    load_once(night)
    for group in TAMPERING:
        with engine.connect() as connection:
            for kind, (statement, _) in group.items():
                assert connection.execute(sa.text(statement)).rowcount > 0, kind
            differences = [d for result in compare(connection) for d in result.differences]
            connection.rollback()
        for kind, (_, named) in group.items():
            assert any(named in difference for difference in differences), (kind, differences)
    assert not any(result.differences for result in verify(engine))


def test_special_values_are_compared(engine, tmp_path):
    tree = Tree(tmp_path / "night")
    with fits.open(tree.add(1).psf, mode="update") as hdus:
        hdus[1].data["flux"][:3] = [float("inf"), float("-inf"), -0.0]
    pipeline.load(engine, [tree.root])
    assert not any(result.differences for result in verify(engine))
    with engine.begin() as connection:
        assert connection.execute(sa.text("DELETE FROM special_value")).rowcount >= 3
    (different,) = [result for result in verify(engine) if result.differences]
    assert len(different.differences) == 3


@on_sqlite
def test_command(db_url, engine, night, tmp_path):
    runner = CliRunner()
    root = tmp_path / "night"
    shutil.copytree(night, root)
    pipeline.load(engine, [root])
    result = runner.invoke(cli, ["--db", db_url, "verify", str(root)], standalone_mode=False)
    assert (result.return_value, "7 files" in result.stdout) == (0, True), result.output
    next((root / "raw").iterdir()).unlink()
    result = runner.invoke(cli, ["--db", db_url, "verify"], standalone_mode=False)
    assert result.return_value == 1
    assert "cannot be read" in result.stderr
    assert "Traceback" not in result.output
    simulate(tmp_path / "other", exposures=2, sources=1, layers=3, seed=9)
    result = runner.invoke(
        cli, ["--db", db_url, "verify", str(tmp_path / "other")], standalone_mode=False
    )
    assert result.return_value == 1
    assert "not in the database" in result.stderr


@one_on_mariadb("encoding", ["utf-8", "latin-1"])
def test_units_that_are_not_ascii(db, tmp_path, encoding):
    tree = Tree(tmp_path)
    files = tree.add(1)
    content = files.raw.read_bytes()
    assert content.count(b"'adu     '")
    unit = "'µm'".encode(encoding).ljust(10)
    files.raw.write_bytes(content.replace(b"'adu     '", unit))
    db.load(tmp_path)
    assert db.scalar("SELECT COUNT(*) FROM table_column WHERE unit = 'µm'")
    assert not any(result.differences for result in verify(db.engine))


@on_sqlite
def test_a_refused_file_in_an_odd_folder_has_its_reason(db, tmp_path):
    tree = Tree(tmp_path / "two\nlines \x1b[31m")
    files = tree.add(1)
    files.psf.write_bytes(b"")
    db.fail("load", tmp_path)
    (reason,) = [d for result in verify(db.engine, [tmp_path]) for d in result.differences]
    assert reason.startswith("the file could not be loaded: the file is empty")
