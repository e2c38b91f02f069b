"""What is replaced, deleted, changed or migrated on the head, and what the nodes have then."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aomuse.admin import backup
from aomuse.database import Database
from aomuse.errors import AomuseError
from aomuse.load.two_phase import recover, xid
from aomuse.models import Exposure, PsfFit, SourceSample
from aomuse.stored.shards import find_shards
from scripts.spider.__main__ import spread as spread_over
from scripts.spider.check.cluster import SAMPLES, Cluster, Warehouse
from scripts.spider.check.moments import at


@pytest.fixture
def warehouse(cluster: Cluster, small: Path) -> Warehouse:
    """Give a warehouse with two exposures on the nodes."""
    warehouse = cluster.spread()
    warehouse.load(small)
    return warehouse


def test_reload_replaces(warehouse: Warehouse, small: Path) -> None:
    """A reload takes the place of the samples; analyses keep their numbers."""
    before, fits = warehouse.rows(SAMPLES), warehouse.by_analysis()
    warehouse.execute("UPDATE source_sample SET flux = 1")
    assert warehouse.rows(SAMPLES) != before
    warehouse.load(small, reload=True)
    assert warehouse.rows(SAMPLES) == before
    assert warehouse.on_nodes() == warehouse.by_analysis() == fits


def test_an_analysis_that_goes(cluster: Cluster, small: Path, tmp_path: Path) -> None:
    """The samples of an analysis go with its files."""
    tree = shutil.copytree(small, tmp_path / "tree")
    warehouse = cluster.spread()
    warehouse.load(tree)
    assert warehouse.on_nodes()
    shutil.rmtree(tree / "analysis")
    warehouse.load(tree, reload=True)
    assert warehouse.rows(SAMPLES) == []
    assert warehouse.on_nodes() == {}


def test_what_sql_deletes_goes_with_the_next_run(warehouse: Warehouse, small: Path) -> None:
    """Nodes have no foreign keys: samples that no view shows stay until the next run."""
    first = min(warehouse.by_analysis())
    with Session(warehouse.engine) as session:
        session.delete(session.get_one(PsfFit, first).exposure)
        session.commit()
    assert first not in warehouse.by_analysis()
    assert first in warehouse.on_nodes()
    assert warehouse.rows(SAMPLES) == warehouse.rows(f"{SAMPLES} WHERE f.id <> {first}")
    warehouse.load(small)
    assert warehouse.on_nodes() == warehouse.by_analysis()
    assert warehouse.differences(small) == []


def test_numbers_that_come_again(warehouse: Warehouse, small: Path) -> None:
    """Samples of an analysis with the same number, which the head has forgotten, are replaced."""
    fits = warehouse.by_analysis()
    warehouse.execute("DELETE FROM exposure", "ALTER TABLE psf_fit AUTO_INCREMENT = 1")
    warehouse.load(small)
    assert warehouse.on_nodes() == warehouse.by_analysis() == fits
    assert warehouse.differences(small) == []


def test_change_from_python(warehouse: Warehouse) -> None:
    """A value can be changed on the head; not by a session that has read samples: no savepoints."""
    db = Database(warehouse.engine)
    fit = min(warehouse.by_analysis())
    with db.session() as session:
        source = session.get_one(PsfFit, fit).sources[0].pampelmuse_id
        session.get_one(PsfFit, fit).set_source(source, "snr", 12.5, layer=3)
        session.commit()
        key = {"psf_fit_id": fit, "layer": 3, "pampelmuse_id": source}
        assert session.get_one(SourceSample, key).snr == 12.5
        with pytest.raises(sa.exc.DBAPIError, match="SAVEPOINT"):
            session.get_one(PsfFit, fit).set_source(source, "snr", 1.0, layer=3)


def test_exposure_without_files(warehouse: Warehouse) -> None:
    """What comes from Python is on the nodes, too."""
    before = warehouse.on_nodes()
    Database(warehouse.engine).add_exposure(
        target="M 54",
        raw_file="testRaw",
        prm_file="test",
        psf_params={"wavelength": [500.0, 600.0], "fwhm": [2.0, 3.0]},
        sources={"PM_1": {"snr": [1.0, 2.0], "flux": [3.0, 4.0]}},
    )
    added = warehouse.on_nodes().keys() - before.keys()
    assert len(added) == 1
    assert warehouse.on_nodes() == warehouse.by_analysis()
    assert warehouse.prepared() == []


def test_between_the_commits(cluster: Cluster, small: Path) -> None:
    """A reader can see a new exposure some milliseconds before its samples."""
    warehouse = cluster.spread()
    seen: list[tuple[int, int]] = []

    def look(_: Engine) -> None:
        with warehouse.engine.connect() as reader:
            exposures = reader.scalar(sa.select(sa.func.count()).select_from(Exposure))
            samples = reader.scalar(sa.select(sa.func.count()).select_from(SourceSample))
        seen.append((exposures or 0, samples or 0))

    with at("committed on the head", look):
        warehouse.load(small)
    assert seen == [(1, 0)]


def test_runs_that_live_and_other_warehouses_are_left(
    cluster: Cluster, warehouse: Warehouse, small: Path
) -> None:
    """A run ends what dead runs, and its own workers, have prepared in its warehouse: no more."""
    other = cluster.spread()
    for engine in (warehouse.nodes[0], other.nodes[0]):
        prepare(engine, 900)
    warehouse.load(small)
    assert warehouse.prepared() == []
    assert len(other.prepared()) == 1
    other.load(small)
    assert other.prepared() == []

    shards = find_shards(warehouse.engine)
    assert shards is not None
    warehouse.execute("UPDATE load_run SET outcome = 'running'")
    prepare(warehouse.nodes[0], 1)
    recover(shards, warehouse.engine, own_run_id=2)
    assert len(warehouse.prepared()) == 1
    recover(shards, warehouse.engine, own_run_id=1)
    assert warehouse.prepared() == []


def prepare(engine: Engine, run_id: int) -> None:
    """Prepare a transaction of a run, and lose the connection."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for verb in ("START", "END", "PREPARE"):
            connection.exec_driver_sql(f"XA {verb} {xid(engine, run_id, 1)}")
        connection.invalidate()


def test_a_column_comes_to_the_nodes_first(warehouse: Warehouse, small: Path) -> None:
    """DDL does not reach the nodes: after theirs and the head's, all is as it was."""
    before = warehouse.rows(SAMPLES)
    for node in warehouse.nodes:
        with node.begin() as connection:
            for name in sa.inspect(node).get_table_names():
                connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN note DOUBLE")
    assert warehouse.rows(SAMPLES) == before
    warehouse.execute("ALTER TABLE source_sample ADD COLUMN note DOUBLE")
    assert warehouse.rows(SAMPLES) == before
    assert warehouse.rows("SELECT DISTINCT note FROM source_sample") == ["(None,)"]
    warehouse.load(small, reload=True)
    assert warehouse.rows(SAMPLES) == before


def test_refusals(cluster: Cluster, warehouse: Warehouse, small: Path, tmp_path: Path) -> None:
    """What would lose samples, or mix two warehouses, is refused."""
    with pytest.raises(AomuseError, match="mariadb-dump"):
        backup(warehouse.engine, tmp_path / "b.backup")
    url = warehouse.engine.url.render_as_string(hide_password=False)
    nodes = [node.url.render_as_string(hide_password=False) for node in warehouse.nodes]
    with pytest.raises(AomuseError, match="already"):
        spread_over(url, nodes)
    full = cluster.ordinary()
    full.load(small)
    with pytest.raises(AomuseError, match="has rows"):
        spread_over(full.engine.url.render_as_string(hide_password=False), nodes)
    empty = cluster.ordinary()
    with pytest.raises(AomuseError, match="exists"):
        spread_over(empty.engine.url.render_as_string(hide_password=False), nodes)
    assert empty.rows(SAMPLES) == []
