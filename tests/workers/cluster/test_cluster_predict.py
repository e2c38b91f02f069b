"""Predictions on a cluster: the same as here, whatever is killed on the way."""

import shutil
import signal
from functools import partial

import pytest
from astropy.io import fits
from dask_crew import end, kill_worker, start_command
from fits_factory import Tree, edit, raw, write
from loaded import Loaded
from own_processes import Gate
from telemetry import usable
from warehouse import succeed

from aomuse.db import create_engine
from aomuse.predict import predict

pytestmark = pytest.mark.usefixtures("processes")

EXPOSURES = 4


def quick(hdus: fits.HDUList, number: int) -> None:
    """Give telemetry that says the same again, and takes half the time."""
    usable(hdus)
    table = hdus["SPARTA_ATM_DATA"].data
    table[1] = table[0]
    table["LGS1_SEEING"] += 0.1 * number


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = Tree(tmp_path_factory.mktemp("cluster") / "night")
    for number in range(1, EXPOSURES + 1):
        file = tree.add(number).file("raw")
        write(file, raw(number, full=True))
        edit(file, partial(quick, number=number))
    return tree


def predictions(db: Loaded) -> dict[str, object]:
    names = dict(db.query("SELECT id, archive_id FROM exposure"))
    heads = "exposure_id, package_version, reason, laser_sample_count, seeing_arcsec"
    layers = "SELECT row_index, wavelength_nm, fwhm_arcsec, beta FROM psf_prediction_layer"
    return {
        names[head[0]]: (
            head[1:],
            db.query(f"{layers} WHERE exposure_id = :i ORDER BY row_index", i=head[0]),
        )
        for head in db.query(f"SELECT {heads} FROM psf_prediction")
    }


@pytest.fixture(scope="module")
def clean(tree, tmp_path_factory, sqlite_template):
    """Give the predictions that one process makes."""
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path_factory.mktemp('clean'))}"
    succeed(url, "load", tree.root)
    engine = create_engine(url)
    predict(engine)
    made = predictions(Loaded(engine, url))
    assert len(made) == EXPOSURES
    return made


@pytest.fixture
def gate(tmp_path):
    """Hold the command, which stores what the workers have computed, at its second exposure."""
    return Gate(tmp_path / "gate", statement="INSERT INTO psf_prediction (")


@pytest.fixture
def process(db, tree, load_once, crew, gate):
    """Start to predict, and wait for the first prediction."""
    load_once(tree.root)
    address = crew.address
    process = start_command(db.url, "predict", "--scheduler", address, before=gate.code)
    gate.wait(process)
    assert db.count("psf_prediction") == 1
    return process


def test_a_worker_that_is_killed(db, clean, crew, gate, process):
    kill_worker(crew)
    gate.open()
    assert (
        process.succeed().splitlines()[-1]
        == f"{EXPOSURES} exposures predicted, 0 without a prediction"
    )
    assert predictions(db) == clean
    assert db.outcomes("predict") == ["complete"]


def test_the_scheduler_that_is_killed(db, clean, crew, gate, process):
    end(crew.scheduler)
    gate.open()
    assert process.ends_with(1) == (
        f"aomuse: the scheduler {crew.address} has gone: start it again and run again; only "
        "complete exposures were saved\n"
    )
    made = predictions(db)
    assert 0 < len(made) < EXPOSURES
    assert made.items() <= clean.items()
    assert db.outcomes("predict") == ["failed"]


def test_killed_then_resumed(db, clean, crew, process):
    process.kill()
    process.communicate()
    assert predictions(db).items() <= clean.items()
    start_command(db.url, "predict", "--scheduler", crew.address).succeed()
    assert predictions(db) == clean
    assert db.outcomes("predict") == ["killed", "complete"]


def test_ctrl_c(db, clean, gate, process):
    process.send_signal(signal.SIGINT)
    gate.open()
    assert process.ends_with(130).strip() == "aomuse: interrupted"
    made = predictions(db)
    assert made.items() <= clean.items()
    (run,) = (row for row in db.rows("load_run") if row["command"] == "predict")
    assert (run["outcome"], run["exposures_completed"]) == ("interrupted", len(made))
