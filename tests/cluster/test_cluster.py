"""A load on a cluster: a real scheduler and two workers on loopback, killed one after the other."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from loaded import Loaded, rows_of_one_load, tree_of
from warehouse import aomuse

from aomuse import pipeline
from aomuse.cluster_worker import Call, Installation, load_on_worker, run_of
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Listener
from aomuse.ledger import running
from aomuse.metrics.registering import register_metrics
from aomuse.normalize import normalize
from aomuse.read import read_exposure
from aomuse.tasks import Task

pytestmark = pytest.mark.usefixtures("processes")

EXPOSURES = 6
WORKERS = 2
#: Lets a worker pause before every statement.
SLOW = """
import sys, time
import sqlalchemy as sa
sa.event.listen(sa.Engine, "before_cursor_execute", lambda *_: time.sleep(0.002))
"""


@pytest.fixture
def backend():
    """SQLite has one writer."""
    return "mariadb"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return tree_of(tmp_path_factory.mktemp("cluster") / "night", EXPOSURES)


@pytest.fixture(scope="module")
def clean(tree, tmp_path_factory, sqlite_template):
    """Give the rows of each exposure after one load."""
    return rows_of_one_load(tree, tmp_path_factory.mktemp("clean") / "aomuse.db", sqlite_template)


@dataclass
class Dask:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen[str]
    workers: list[subprocess.Popen[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dask(
    folder: Path,
    environment: dict[str, str],
    *options: str,
    protocol: str = "tcp",
    threads: int = 1,
) -> Iterator[Dask]:
    """Start a scheduler and two workers, as an administrator does."""
    port = free_port()
    address = f"{protocol}://127.0.0.1:{port}"
    (folder / "slow.py").write_text(SLOW)
    environment = os.environ | {"PYTHONPATH": str(folder)} | environment
    common = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    with ExitStack() as started:

        def start(*command: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                text=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            started.callback(end, process)
            return process

        scheduler = start(
            *(*common, "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"),
            *(*options, "--protocol", protocol),
        )
        wait_for_port(port)
        workers = [
            start(
                *(sys.executable, "-m", "distributed.cli.dask_worker", address),
                *("--nthreads", str(threads), "--preload", "slow", "--no-dashboard"),
                *("--host", "127.0.0.1", *options),
            )
            for _ in range(WORKERS)
        ]
        yield Dask(address, scheduler, workers)


def end(process: subprocess.Popen[str]) -> None:
    """End a process with its nanny's children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def crew(db, tmp_path):
    with dask(tmp_path, {"AOMUSE_DATABASE_URL": db.url}) as started:
        yield started


def start_load(db: Loaded, root: Path, address: str, **environment: str) -> subprocess.Popen[str]:
    main = "from aomuse.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", main, "load", "--scheduler", address, str(root)],
        env=os.environ | {"AOMUSE_DATABASE_URL": db.url} | environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_until(db: Loaded, count: int) -> None:
    deadline = time.monotonic() + 120
    while db.count("exposure") < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_whole(db: Loaded, clean: dict[str, object]) -> None:
    assert {row["archive_id"]: db.exposure(row["archive_id"]) for row in db.rows("exposure")} == (
        clean
    )
    assert db.count("source_file") == 4 * EXPOSURES
    assert db.open_issues() == []


def assert_whole_as_far(db: Loaded, clean: dict[str, object]) -> int:
    names = [row["archive_id"] for row in db.rows("exposure")]
    for name in names:
        assert db.exposure(name) == clean[name]
    return len(names)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Give the processes that a nanny has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == process.pid and int(stat.parent.name) != process.pid:
            found.append(int(stat.parent.name))
    return found


def test_a_load_on_two_workers(db, tree, clean, crew):
    loader = start_load(db, tree.root, crew.address)
    out, err = loader.communicate(timeout=240)
    assert (loader.returncode, err) == (0, "")
    assert f"{EXPOSURES} loaded" in out
    assert len(re.findall("^loaded ", out, re.M)) == EXPOSURES
    assert_whole(db, clean)
    (run,) = db.rows("load_run")
    assert (run["outcome"], run["exposures_loaded"]) == ("complete", EXPOSURES)


def test_a_worker_that_is_killed(db, tree, clean, crew):
    loader = start_load(db, tree.root, crew.address)
    wait_until(db, 1)
    killed = workers_of(crew.workers[0])
    assert killed
    for number in killed:
        os.kill(number, signal.SIGKILL)
    out, err = loader.communicate(timeout=240)
    assert (loader.returncode, err) == (0, ""), out
    assert_whole(db, clean)


def test_the_scheduler_that_is_killed(db, tree, clean, crew):
    loader = start_load(db, tree.root, crew.address)
    wait_until(db, 1)
    end(crew.scheduler)
    out, err = loader.communicate(timeout=240)
    assert loader.returncode == 1, (out, err)
    assert err == (
        f"aomuse: the scheduler {crew.address} has gone: start it again and run again; only "
        "complete exposures were saved\n"
    )
    assert_whole_as_far(db, clean)
    assert [row["outcome"] for row in db.rows("load_run")] == ["failed"]
    db.load(tree.root)
    assert_whole(db, clean)


def test_the_coordinator_that_is_killed(db, tree, clean, crew):
    """Its lock ends with it, and what is in flight may still be committed, once and whole."""
    loader = start_load(db, tree.root, crew.address)
    wait_until(db, 1)
    loader.kill()
    loader.communicate()
    resumed = start_load(db, tree.root, crew.address)
    out, err = resumed.communicate(timeout=240)
    assert (resumed.returncode, err) == (0, ""), out
    assert_whole(db, clean)
    assert [row["outcome"] for row in db.rows("load_run")] == ["killed", "complete"]


def test_ctrl_c(db, tree, clean, crew):
    loader = start_load(db, tree.root, crew.address)
    wait_until(db, 1)
    loader.send_signal(signal.SIGINT)
    _, err = loader.communicate(timeout=240)
    assert loader.returncode == 130, err
    assert "interrupted: only complete exposures are in the database" in err
    held = assert_whole_as_far(db, clean)
    (run,) = db.rows("load_run")
    assert (run["outcome"], run["exposures_loaded"]) == ("interrupted", held)
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
        key = run_of(db.engine, run.id)
        assert key is not None
        call = Call(key, True, content_of)
        assert load_on_worker(call, tasks[0]).outcome == "loaded"
        db.execute("UPDATE load_run SET outcome = 'killed'")
        assert "another command has written there since" in str(load_on_worker(call, tasks[1]))
    assert db.count("exposure") == 1


def content_of(files: ExposureFiles) -> NormalizedExposure:
    return normalize(read_exposure(files))


def test_workers_that_cannot_load(db, tree, tmp_path, mariadb_admin):
    with dask(tmp_path, {}) as crew:
        line = db.fail("load", "--scheduler", crew.address, tree.root, code=2)
        assert "cannot load: it fails (AOMUSE_DATABASE_URL is not set in its environment)" in line
    other = mariadb_admin()
    with dask(tmp_path, {"AOMUSE_DATABASE_URL": other}) as crew:
        line = db.fail("load", "--scheduler", crew.address, tree.root, code=2)
        name = sa.make_url(other).database
        assert f"its AOMUSE_DATABASE_URL names another database ({name} on" in line
    with dask(tmp_path, {"AOMUSE_DATABASE_URL": db.url}, threads=3) as crew:
        line = db.fail("load", "--scheduler", crew.address, tree.root, code=2)
        assert "has 3 threads: start workers with --nthreads 1" in line
    assert db.count("load_run") == 0


def test_a_scheduler_that_is_not_there(db, tree, monkeypatch):
    monkeypatch.setattr("aomuse.cluster._CONNECT_S", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    line = db.fail("load", "--scheduler", address, tree.root, code=2)
    assert line.startswith(f"aomuse: no scheduler answers at {address} (")
    assert db.count("load_run") == 0
    line = db.fail("load", "--scheduler", "nonsense", tree.root, code=2)
    assert line.startswith("aomuse: no scheduler answers at nonsense (")


def test_sqlite_has_no_cluster(tree, tmp_path, sqlite_template):
    database = tmp_path / "aomuse.db"
    database.write_bytes(sqlite_template.read_bytes())
    done = aomuse(f"sqlite:///{database}", "load", "--scheduler", "tcp://127.0.0.1:1", tree.root)
    assert (done.code, done.err) == (
        2,
        "aomuse: SQLite has one writer, on one machine: a scheduler requires a database on "
        "MariaDB\n",
    )


def test_versions_and_roots_are_compared():
    here = Installation({"aomuse": "1.0.0"}, {"/data": "a folder"}, "0022", "muse on one:3306")
    assert here.unlike(here) == ""
    old = Installation({"aomuse": "0.9.0"}, here.roots, here.revision, here.database)
    assert old.unlike(here) == (
        "it has aomuse 0.9.0, and this machine 1.0.0: install the same everywhere"
    )
    bare = Installation(here.versions, {"/data": "an empty folder"}, here.revision, here.database)
    assert bare.unlike(here) == (
        "there /data is an empty folder: mount the files at the same path everywhere"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def test_tls(db, tree, clean, tmp_path, certificate):
    place = "DASK_DISTRIBUTED__COMM__TLS__"
    settings = {f"{place}CA_FILE": str(certificate / "cert.pem")}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        settings[f"{place}{who}__CERT"] = str(certificate / "cert.pem")
        settings[f"{place}{who}__KEY"] = str(certificate / "key.pem")
    environment = {"AOMUSE_DATABASE_URL": db.url} | settings
    with dask(tmp_path, environment, protocol="tls") as crew:
        refused = start_load(db, tree.root, crew.address)
        _, err = refused.communicate(timeout=120)
        assert refused.returncode == 2
        assert err.startswith(f"aomuse: no scheduler answers at {crew.address} (")
        loader = start_load(db, tree.root, crew.address, **settings)
        _, err = loader.communicate(timeout=240)
        assert (loader.returncode, err) == (0, "")
    assert_whole(db, clean)
