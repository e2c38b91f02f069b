"""From each released revision to the newest, with rows in every table, and back from the newest."""

import io
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from astropy.io import fits
from backends import on_mariadb, on_sqlite
from fits_factory import raw, set_card, write
from loaded import tree_of
from warehouse import TABLES, definitions, fill_every_table

from aomuse import schema
from aomuse.database import Database
from aomuse.db import create_engine

pytestmark = pytest.mark.usefixtures("slow")

REVISIONS = sorted(schema.known_revisions())

#: What is lost on the way down: metrics and windows that an older version does not know, and the
#: rules by which a header was read.
FORGOTTEN = {
    *("metric", "exposure_metric", "exposure_laser_metric", "psf_fit_metric"),
    *("exposure_laser", "psf_window", "psf_window_parameter", "known_file"),
}
#: What steps write into by themselves: the lock, and the views that the last one creates.
NOTES = ("run_lock", "view_state")


def columns_of(engine: sa.Engine) -> dict[str, list[sa.Column[Any]]]:
    """Give the columns that each table of the models has in a database."""
    inspector = sa.inspect(engine)
    columns = {}
    for table in TABLES.keys() & set(inspector.get_table_names()):
        there = {column["name"] for column in inspector.get_columns(table)}
        columns[table] = [column for column in TABLES[table].c if column.name in there]
    return columns


def stored(engine: sa.Engine, columns: dict[str, list[sa.Column[Any]]]) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table: sorted((tuple(row) for row in connection.execute(sa.select(*names))), key=repr)
            for table, names in columns.items()
        }


def test_the_newest_schema_is_that_of_the_models(engine):
    """As ``alembic check`` says."""
    config = schema.alembic_config()
    config.stdout = io.StringIO()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def refuse_losses(engine: sa.Engine, revision: str) -> None:
    """Fill each table that has no row, upgrade, and fail if a row is lost or changed."""
    fill_every_table(engine)
    columns = columns_of(engine)
    # The last step creates the views and says so there.
    columns.pop("view_state", None)
    before = stored(engine, columns)
    assert all(before.values())
    schema.upgrade(engine, revision)
    assert schema.current_revision(engine) == revision
    after = stored(engine, columns)
    # 0027 adds two metrics of the exposures that are there.
    for table in ("metric", "exposure_metric"):
        assert set(before.pop(table, ())) <= set(after.pop(table, ()))
    assert after == before


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """Give a database of SQLite at each revision, made from the one before."""
    folder = tmp_path_factory.mktemp("older")
    engine = create_engine(f"sqlite:///{folder}/aomuse.db")
    files = {}
    for revision in REVISIONS:
        schema.upgrade(engine, revision)
        engine.dispose()
        files[revision] = shutil.copyfile(str(engine.url.database), folder / revision)
    return files


@on_sqlite
@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_stay_and_the_schema_is_the_newest(revision, empty, engine, older):
    shutil.copyfile(older[revision], str(empty.url.database))
    assert schema.current_revision(empty) == revision
    refuse_losses(empty, schema.head_revision())
    assert definitions(empty) == definitions(engine)


@on_mariadb
def test_rows_stay_from_step_to_step(empty, engine):
    """On MariaDB, where a step takes long, each begins where the one before has ended."""
    schema.upgrade(empty, REVISIONS[0])
    for revision in REVISIONS[1:]:
        with empty.begin() as connection:
            there = sa.inspect(connection).get_table_names()
            for table in reversed(TABLES["exposure"].metadata.sorted_tables):
                if table.name in there and table.name not in NOTES:
                    connection.execute(sa.delete(table))
        refuse_losses(empty, revision)
    assert definitions(empty) == definitions(engine)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("upgrades"), 1).root


def test_what_was_loaded_stays_on_the_way_down_and_up(db, root, load_once):
    """Each revision goes down, up and down again, at last all of them up, and all away."""
    load_once(root)
    before = db.contents(but=())
    for older, revision in reversed(list(pairwise(REVISIONS))):
        columns = {t: c for t, c in columns_of(db.engine).items() if t not in NOTES}
        held = stored(db.engine, columns)
        schema.downgrade(db.engine, older)
        assert db.scalar("SELECT COUNT(*) FROM header WHERE card_images IS NULL") == 0
        schema.upgrade(db.engine, revision)
        assert differing(stored(db.engine, columns), held) <= FORGOTTEN, revision
        schema.downgrade(db.engine, older)
    schema.upgrade(db.engine)
    assert differing(db.contents(but=()), before) <= FORGOTTEN
    db.succeed("verify")
    schema.downgrade(db.engine, "base")
    inspector = sa.inspect(db.engine)
    assert [*inspector.get_table_names(), *inspector.get_view_names()] == ["alembic_version"]


def differing(after: dict[str, list[Any]], before: dict[str, list[Any]]) -> set[str]:
    return {table for table in before if after[table] != before[table]}


@pytest.mark.parametrize(
    ("revision", "rows"),
    [
        ("0023", "SELECT * FROM psf_window ORDER BY psf_fit_id, version, window_index"),
        ("0025", "SELECT * FROM exposure_laser ORDER BY exposure_id, lgs"),
    ],
)
def test_what_an_upgrade_works_out_is_what_a_load_writes(revision, rows, db, root, load_once):
    """Means of the parameters of windows, and the metrics of lasers side by side."""
    load_once(root)
    before = db.query(rows)
    assert len({row[-1] for row in before}) > 1
    schema.downgrade(db.engine, revision)
    schema.upgrade(db.engine)
    assert db.query(rows) == before


def test_special_values_of_samples_follow_the_key(db, tree):
    with fits.open(tree.add(1).psf, mode="update") as opened:
        opened["PM_3"].data["snr"][[2, 4]] = [np.inf, -0.0]
        opened["PM_17"].data["flux"][3] = -np.inf
    db.load(tree.root)
    before = db.contents(but=FORGOTTEN)
    keys = "SELECT row_key FROM special_value WHERE table_name = 'source_sample' ORDER BY 1"
    assert db.query(keys) == [("1/2/3",), ("1/3/17",), ("1/4/3",)]
    schema.downgrade(db.engine, "0013")
    assert db.query(keys) == [("1/17/3",), ("1/3/2",), ("1/3/4",)]
    schema.upgrade(db.engine)
    assert db.contents(but=FORGOTTEN) == before
    db.succeed("verify")


def test_metrics_keep_their_numbers_and_values(db, root, load_once):
    load_once(root)
    versions = "SELECT id, version FROM metric WHERE id IN (1, 12, 40, 153) ORDER BY id"
    values = "SELECT metric_id, value, reason FROM exposure_metric WHERE metric_id < 150 ORDER BY 1"
    windows = "SELECT version, COUNT(*) FROM psf_window_parameter GROUP BY version ORDER BY version"
    stored_values, stored_windows = db.query(values), db.query(windows)
    names = dict(stored_windows)
    schema.downgrade(db.engine, "0017")
    assert db.query(versions) == [(1, "legacy"), (12, "corrected"), (40, "corrected")]
    assert db.query(values) == stored_values
    assert db.query(windows) == [("corrected", names["corrected-1"])]
    schema.upgrade(db.engine)
    assert db.query(versions) == [(1, "corrected"), (12, "corrected-1"), (40, "corrected")]
    assert db.query(values) == stored_values
    assert db.query(windows) == [("corrected-1", names["corrected-1"])]
    # The current versions are not there yet: they are computed without reading a file.
    assert db.run("metrics").code == 0
    assert db.query(versions)[-1] == (153, "corrected")
    assert db.query(values) == stored_values
    assert db.query(windows) == stored_windows


def test_the_field_gets_the_stars_that_a_load_writes(db, tree):
    tree.add(1)
    with fits.open(tree.add(2).reduced, mode="update") as cube:
        cube["DATA"].data = np.zeros((1, 310, 322), np.float32)
    with fits.open(tree.add(3).psf, mode="update") as stars:
        stars["PM_3"].data["fwhm"][:] = np.nan
        stars["PM_17"].data["snr"][:] = np.nan
    tree.add(4, without=["prm"])
    # A size that no cube has, and that no engine takes for an integer.
    set_card(tree.add(5).reduced, "DATA", "NAXIS1", "9" * 20)
    assert db.run("load", tree.root).code == 0
    view = "SELECT * FROM v_psf_field ORDER BY psf_fit_id, pampelmuse_id, wavelength_window"
    before = db.query(view), db.contents()["psf_field"]
    axes = "SELECT DISTINCT axis_x_pixel, axis_y_pixel FROM psf_field ORDER BY 1"
    assert db.query(axes) == [(150.0, 150.0), (161.0, 155.0)]
    for gap in ("snr", "psf_fwhm_pixel"):
        assert db.scalar(f"SELECT COUNT(*) FROM psf_field WHERE {gap} IS NULL") > 0
    schema.downgrade(db.engine, "0024")
    assert "psf_field" not in sa.inspect(db.engine).get_table_names()
    schema.upgrade(db.engine)
    assert (db.query(view), db.contents()["psf_field"]) == before


def test_views_find_in_a_row_what_they_looked_up(db, tree):
    write(tree.add(1).file("raw"), raw(1, full=True))
    tree.add(2, without=("raw",))
    assert db.run("load", tree.root).code == 0
    questions = (
        "SELECT * FROM psf_fit ORDER BY id",
        "SELECT metric_id, exposure_id, reason FROM exposure_metric WHERE metric_id > 189"
        " ORDER BY 1, 2",
        "SELECT * FROM metric WHERE id > 189 AND grain = 'exposure' ORDER BY id",
    )
    means = "SELECT value FROM exposure_metric WHERE metric_id > 189 ORDER BY metric_id, value"
    before, values = [db.query(question) for question in questions], db.query(means)
    assert None not in before[0][0][-2:]
    assert [value is None for (value,) in values] == 2 * [True, False]
    schema.downgrade(db.engine, "0026")
    schema.upgrade(db.engine)
    assert [db.query(question) for question in questions] == before
    for (now,), (mean,) in zip(db.query(means), values, strict=True):
        assert now == (mean and pytest.approx(mean, rel=1e-12))
    # Nothing is missing that would have to be computed.
    assert db.run("metrics").out == "metrics of 0 exposures worked out\n"


def test_an_import_goes_down_without_its_documents(db):
    Database(db.engine).add_exposure(target="M 54", prm_file="X.prm.fits", data={"PRIMARY": {}})
    schema.downgrade(db.engine, "0012")
    outcomes = "SELECT DISTINCT outcome, mtime_ns FROM source_file"
    assert db.query(outcomes) == [("loaded", 0)]
    assert db.scalar("SELECT COUNT(*) FROM header WHERE card_images IS NULL") == 0
    schema.upgrade(db.engine)
    assert db.count("exposure") == 1


def test_the_page_of_revisions_has_them_all():
    script = ScriptDirectory.from_config(schema.alembic_config())
    page = (Path(script.dir) / "README.md").read_text()
    listed = dict(re.findall(r"^\| (\d{4}) \| (\d{4})? *\|", page, re.M))
    assert listed == {r.revision: r.down_revision or "" for r in script.walk_revisions()}
