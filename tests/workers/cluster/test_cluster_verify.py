"""Files compared on a cluster: the same differences as here, whatever is killed on the way."""

import signal
from pathlib import Path

import pytest
from dask_crew import EXPOSURES, WORKERS, end, kill_worker, start_command
from own_processes import Gate, wait_until

from aomuse.verify.choosing import Chosen, folders_of

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def gate(tmp_path):
    """Hold each worker in its second exposure, of which it compares the first file."""
    return Gate(tmp_path / "gate", number=5, statement="SELECT count(source_file.id)")


@pytest.fixture
def start(db, tree, load_once, crew, tmp_path):
    """Give a function that starts to compare, and comes back with what shows the files."""
    load_once(tree.root)
    shown = tmp_path / "shown"

    def start(*roots):
        with shown.open("w") as out:
            process = start_command(db.url, "verify", "--scheduler", crew.address, *roots, out=out)
        return process, shown

    return start


def lines_of(shown: Path) -> list[str]:
    return sorted(shown.read_text().splitlines())


@pytest.fixture
def held(start, gate):
    """Start to compare, and wait until each worker has compared one exposure."""
    process, shown = start()
    gate.wait(process, count=WORKERS)
    wait_until(lambda: len(lines_of(shown)) == 4 * WORKERS, process)
    return process, shown


def test_a_worker_that_is_killed(db, tree, crew, gate, held, start):
    process, shown = held
    kill_worker(crew)
    gate.open()
    process.succeed()
    here = db.run("verify")
    assert (here.code, len(here.out.splitlines())) == (0, 4 * EXPOSURES + 1)
    assert lines_of(shown) == sorted(here.out.splitlines())

    # Differences, and what is not in the database.
    db.execute(
        "UPDATE exposure SET tau0_s = 1.5 WHERE id = (SELECT MIN(exposure_id) FROM source_file)",
        "UPDATE source_file SET outcome = 'failed' WHERE role = 'psf' AND exposure_id ="
        " (SELECT * FROM (SELECT MAX(exposure_id) FROM source_file) AS newest)",
    )
    here = db.run("verify", tree.root)
    process, shown = start(tree.root)
    err = process.ends_with(1)
    assert here.code == 1
    assert sorted(err.splitlines()) == sorted(here.errors)
    assert "ESO TEL AMBI TAU0" in err
    assert "is not in the database" in err
    assert lines_of(shown) == sorted(here.out.splitlines())


def test_the_scheduler_that_is_killed(crew, held):
    process, shown = held
    end(crew.scheduler)
    assert process.ends_with(1) == (
        f"aomuse: the scheduler {crew.address} has gone: start it again and run again; what is "
        "shown above holds\n"
    )
    assert len(lines_of(shown)) == 4 * WORKERS


def test_ctrl_c(held):
    process, shown = held
    process.send_signal(signal.SIGINT)
    assert process.ends_with(130).strip() == "aomuse: interrupted"
    assert len(lines_of(shown)) == 4 * WORKERS


def test_many_folders_are_asked_for_by_those_above():
    few = Chosen(1, (("", "/data/a/1/raw/x.fits"), ("", "/data/a/1/single/x.fits")))
    assert folders_of([few]) == ("/data/a/1/raw", "/data/a/1/single")
    many = [Chosen(n, (("", f"/data/a/{n}/raw/x.fits"),)) for n in range(100)]
    assert folders_of([*many, Chosen(100, (("", "/mnt/x.fits"),))]) == ("/data/a", "/mnt")
