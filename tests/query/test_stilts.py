"""STILTS asks the server as a reader, by JDBC, and writes what astropy reads."""

import os
import re
import subprocess

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.table import Table
from warehouse import execute, query, succeed

from aomuse import to_votable
from scripts.mariadb_server import find_program
from scripts.system_packages import JDBC_DRIVER

USER, PASSWORD = "stilts_reader", "tau0-5ms"
#: STILTS takes each line for a statement.
JOIN = (
    "SELECT e.exposure_id, e.archive_id, e.target, e.seeing_arcsec, e.tip_tilt_loop, e.ob_id,"
    " m.seeing, m.sparta_l0_mean, m.lasers_on FROM v_exposure e"
    " JOIN v_exposure_metrics m ON m.exposure_id = e.exposure_id ORDER BY e.exposure_id"
)

pytestmark = [
    pytest.mark.parametrize("backend", ["mariadb"], indirect=True),
    pytest.mark.usefixtures("processes"),
]


@pytest.fixture
def program():
    """Give the path of STILTS; without it the tests fail, they do not skip."""
    found = find_program("stilts")
    if found is None or not JDBC_DRIVER.exists():
        pytest.fail(
            "STILTS or MariaDB's JDBC driver is missing"
            " (Debian: apt-get install stilts libmariadb-java)",
            pytrace=False,
        )
    return found


@pytest.fixture
def jdbc(night, engine, monkeypatch, mariadb_server):
    """Give the JDBC URL of the loaded night over TLS, which a reader of its own may read."""
    monkeypatch.setenv("AOMUSE_READER_PASSWORD", PASSWORD)
    succeed(night.url, "grant-reader", USER, "--host", "127.0.0.1")
    url = sa.make_url(night.url)
    place = f"127.0.0.1:{url.port}/{url.database}"
    yield f"jdbc:mariadb://{place}?useSsl=true&serverSslCert={mariadb_server.certificate}"
    execute(engine, f"DROP USER '{USER}'@'127.0.0.1'")


def stilts(program: str, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run STILTS without a screen, and type into it."""
    java = ["-classpath", str(JDBC_DRIVER), "-Djdbc.drivers=org.mariadb.jdbc.Driver"]
    java += ["-Djava.awt.headless=true", "-Duser.timezone=UTC"]
    java += ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # a short run costs less
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [program, *java, *arguments],
        input=typed.encode(),
        capture_output=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done


def numbers(table: Table, name: str) -> list[float | None]:
    """Give the numbers of a column, None for what is missing."""
    column = np.ma.masked_invalid(np.ma.asarray(table[name], dtype=np.float64))
    return column.tolist()


def test_two_views_joined_are_the_same_in_votable_and_fits(night, engine, jdbc, program, tmp_path):
    expected = query(engine, JOIN)
    names = re.findall(r"\w\.(\w+)[, \n]", JOIN.partition("FROM")[0])
    wanted = dict(zip(names, map(list, zip(*expected, strict=True)), strict=True))
    flags = [None if flag is None else bool(flag) for flag in wanted.pop("tip_tilt_loop")]
    for name, form in (("join.vot", "votable-binary2-inline"), ("join.fits", "fits")):
        arguments = (f"db={jdbc}", f"user={USER}", f"sql={JOIN}", f"ofmt={form}")
        done = stilts(program, "sqlclient", *arguments, typed=f"{PASSWORD}\n")
        (tmp_path / name).write_bytes(done.stdout)
        # Neither the password nor the URL is in what sqlclient writes.
        assert PASSWORD.encode() not in done.stdout
        assert b"jdbc:" not in done.stdout
        table = Table.read(tmp_path / name)
        assert table.colnames == names
        assert len(table) == len(expected) == 2
        texts = {column: list(table[column]) for column in ("archive_id", "target")}
        assert texts | {c: numbers(table, c) for c in wanted.keys() - texts} == wanted, name
    assert Table.read(tmp_path / "join.vot")["tip_tilt_loop"].tolist() == flags


def test_a_url_with_the_password_ends_up_in_the_votable(night, jdbc, program, tmp_path):
    """As the page warns, with the way around it: let STILTS ask."""
    select = "SELECT target FROM v_exposure"
    for place, url, typed in (
        ("inside", f"{jdbc}&user={USER}&password={PASSWORD}", ""),
        ("asked", jdbc, f"{USER}\n{PASSWORD}\n"),
    ):
        out = tmp_path / f"{place}.vot"
        stilts(program, "tpipe", f"in={url}#{select}", f"out={out}", "ofmt=votable", typed=typed)
        assert "jdbc:mariadb:" in out.read_text()
        assert (PASSWORD in out.read_text()) == (place == "inside")


def test_stilts_reads_our_votables_and_finds_no_fault(night, program, tmp_path):
    path = tmp_path / "exposures.vot"
    to_votable(night.db.exposures(), path)
    done = stilts(program, "votlint", str(path))
    assert done.stdout + done.stderr == b""
    keep = "cmd=keepcols 'archive_id night ob_id'"
    done = stilts(program, "tpipe", f"in={path}", keep, "ofmt=csv")
    assert done.stdout.decode().splitlines()[1:] == [
        f"{night.files[n].archive_id},2018-08-12,{200_000 + n}" for n in (1, 2)
    ]
