"""A load on a cluster: a real scheduler and two workers on loopback, killed one after the other."""

import re
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from dask_crew import EXPOSURES, WORKERS, dask, end, kill_worker, start_command
from loaded import Loaded
from own_processes import Process
from warehouse import fail

from aomuse import pipeline
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Listener
from aomuse.ledger import running
from aomuse.metrics.registering import register_metrics
from aomuse.normalize import normalize
from aomuse.read import read_exposure
from aomuse.workers.cluster_worker import (
    Call,
    Installation,
    carry_out_on_worker,
    installation,
    newest_run,
)
from aomuse.workers.crew import Needs, Work
from aomuse.workers.tasks import Task, start_loader

pytestmark = pytest.mark.usefixtures("processes")

#: Lets a command wait a second for a scheduler.
IMPATIENT = "from aomuse.workers import cluster; cluster.CONNECT_S = 1\n"


def start_load(db: Loaded, root: Path, address: str, **options: str) -> Process:
    return start_command(db.url, "load", "--scheduler", address, root, **options)


@pytest.fixture
def held(db, tree, crew, gate):
    """Start to load, and wait until each worker holds an exposure."""
    loader = start_load(db, tree.root, crew.address)
    gate.wait(loader, count=WORKERS)
    assert db.count("exposure") == WORKERS
    return loader


def assert_whole(db: Loaded, clean: dict[str, object]) -> None:
    assert db.exposures() == clean
    assert db.count("source_file") == 4 * EXPOSURES
    assert db.open_issues() == []


def test_a_load_on_two_workers(db, tree, clean, crew, gate):
    gate.open()
    out = start_load(db, tree.root, crew.address).succeed()
    assert f"{EXPOSURES} loaded" in out
    assert len(re.findall("^loaded ", out, re.M)) == EXPOSURES
    assert_whole(db, clean)
    (run,) = db.rows("load_run")
    assert (run["outcome"], run["exposures_loaded"]) == ("complete", EXPOSURES)


def test_a_worker_that_is_killed(db, clean, crew, gate, held):
    kill_worker(crew)
    gate.open()
    held.succeed()
    assert_whole(db, clean)


def test_the_scheduler_that_is_killed(db, tree, clean, crew, gate, held):
    end(crew.scheduler)
    gate.open()
    assert held.ends_with(1) == (
        f"aomuse: the scheduler {crew.address} has gone: start it again and run again; only "
        "complete exposures were saved\n"
    )
    assert db.exposures().items() <= clean.items()
    assert db.outcomes() == ["failed"]
    db.load(tree.root)
    assert_whole(db, clean)


def test_the_coordinator_that_is_killed(db, tree, clean, crew, gate, held):
    """Its lock ends with it, and what is in flight may still be committed, once and whole."""
    held.kill()
    held.communicate()
    gate.open()
    start_load(db, tree.root, crew.address).succeed()
    assert_whole(db, clean)
    assert db.outcomes() == ["killed", "complete"]


def test_ctrl_c(db, tree, clean, gate, held):
    held.send_signal(signal.SIGINT)
    gate.open()
    assert "interrupted: only complete exposures are in the database" in held.ends_with(130)
    loaded = db.exposures()
    assert loaded.items() <= clean.items()
    (run,) = db.rows("load_run")
    assert (run["outcome"], run["exposures_loaded"]) == ("interrupted", len(loaded))
    db.load(tree.root)
    assert_whole(db, clean)


def test_what_a_dead_run_has_in_flight_is_not_committed(db, tree, monkeypatch):
    """The fence: a transaction begins with a look whether its run still counts."""
    monkeypatch.setenv("AOMUSE_DATABASE_URL", db.url)
    register_metrics(db.engine)
    _, plans = pipeline.plan(db.engine, [tree.root])
    tasks = [Task(files, files, todo) for files, todo in plans]
    with running(db.engine, Listener(), shared=True) as run:
        run.start("load")
        needs, work = Needs(), Work(start_loader, (run.id, True, content_of))
        here = installation(needs, db.engine)
        call = Call("load", needs, here, newest_run(db.engine), work)
        assert carry_out_on_worker(call, tasks[0]).outcome == "loaded"
        db.execute("UPDATE load_run SET outcome = 'killed'")
        lost = carry_out_on_worker(call, tasks[1])
        assert "another command has written there since" in str(lost)
    assert db.count("exposure") == 1


def test_a_worker_that_comes_later_is_compared_too(db, monkeypatch):
    monkeypatch.setenv("AOMUSE_DATABASE_URL", db.url)
    here = installation(Needs(), db.engine)
    other = replace(here, versions=here.versions | {"numpy": "1.0"})
    call = Call("with another numpy", Needs(), other, None, Work(print))
    said = f"it has numpy {here.versions['numpy']}, and this machine 1.0"
    assert f"cannot be used: {said}" in carry_out_on_worker(call, "nothing").reason
    run = (1, "elsewhere", 1, "2018-08-12 00:00:00")
    call = Call("of another database", Needs(), here, run, Work(print))
    assert "names another database" in carry_out_on_worker(call, "nothing").reason


def content_of(files: ExposureFiles) -> NormalizedExposure:
    return normalize(read_exposure(files))


def test_workers_that_cannot_load(db, tree, tmp_path, mariadb_admin):
    other = mariadb_admin()
    another = f"names another database ({sa.make_url(other).database} on"
    for url, threads, said in (
        (None, 1, "cannot be used: it fails (AOMUSE_DATABASE_URL is not set in its environment)"),
        (other, 1, f"its AOMUSE_DATABASE_URL {another}"),
        (db.url, 3, "has 3 threads: start workers with --nthreads 1"),
    ):
        environment = {"AOMUSE_DATABASE_URL": url} if url else {}
        with dask(tmp_path, environment, threads=threads) as crew:
            assert said in db.fail("load", "--scheduler", crew.address, tree.root, code=2)
    assert db.count("load_run") == 0


def test_a_scheduler_that_is_not_there(db, tree, monkeypatch):
    monkeypatch.setattr("aomuse.workers.cluster.CONNECT_S", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        line = db.fail("load", "--scheduler", address, tree.root, code=2)
    assert line.startswith(f"aomuse: no scheduler answers at {address} (")
    assert db.count("load_run") == 0
    line = db.fail("load", "--scheduler", "nonsense", tree.root, code=2)
    assert line.startswith("aomuse: no scheduler answers at nonsense (")


@pytest.mark.parametrize("command", ["load", "predict", "verify"])
def test_sqlite_has_no_cluster(command, tree, tmp_path, at_head):
    roots = [tree.root] if command == "load" else []
    url = at_head(f"sqlite:///{tmp_path}/aomuse.db")
    assert fail(url, command, "--scheduler", "tcp://127.0.0.1:1", *roots) == (
        "aomuse: SQLite is for one machine, also where a network drive has the file: a scheduler "
        "requires a database on MariaDB"
    )


def test_versions_and_roots_are_compared():
    here = Installation({"aomuse": "1.0.0"}, {"/data": "a folder"}, "0022", "muse on one:3306")
    assert here.unlike(here) == ""
    assert replace(here, versions={"aomuse": "0.9.0"}).unlike(here) == (
        "it has aomuse 0.9.0, and this machine 1.0.0: install the same everywhere"
    )
    assert replace(here, roots={"/data": "an empty folder"}).unlike(here) == (
        "there /data is an empty folder: mount the files at the same path everywhere"
    )


def test_tls(db, tree, clean, tmp_path, mariadb_server):
    place = "DASK_DISTRIBUTED__COMM__TLS__"
    certificate = str(mariadb_server.certificate)
    settings = {f"{place}CA_FILE": certificate}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        settings[f"{place}{who}__CERT"] = certificate
        settings[f"{place}{who}__KEY"] = str(mariadb_server.directory / "tls-key.pem")
    environment = {"AOMUSE_DATABASE_URL": db.url} | settings
    with dask(tmp_path, environment, protocol="tls") as crew:
        refused = start_load(db, tree.root, crew.address, before=IMPATIENT)
        _, err = refused.communicate()
        assert refused.returncode == 2
        assert err.startswith(f"aomuse: no scheduler answers at {crew.address} (")
        start_load(db, tree.root, crew.address, **settings).succeed()
    assert_whole(db, clean)
