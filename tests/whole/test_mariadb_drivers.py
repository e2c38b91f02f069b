"""MariaDB by each driver that is installed: the same schema, rows and answers, to the bit."""

import contextlib
import re
import ssl
import struct
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from astropy.io import fits
from fits_factory import Tree, edit
from mariadb_pool import account
from warehouse import TABLES, aomuse, contents, definitions, execute, fail, fill_every_table, query

from aomuse.connections.drivers import CONNECTOR, PYMYSQL, installed_driver
from aomuse.connections.server_session import NAMES
from aomuse.connections.urls import checks_certificate, database_url
from aomuse.db import Trouble, create_engine, error_number, read_transaction, trouble_of
from aomuse.errors import ConfigurationError
from aomuse.stored.rows import pieces
from aomuse.stored.writer import ExecutemanyWriter

DRIVERS = (CONNECTOR, PYMYSQL)
DOUBLES = (
    *(0.1, 0.1 + 0.2, 1e22, 1e23, 2.0**53 + 2, 1.7976931348623157e308, -1.7976931348623157e308),
    *(2.2250738585072014e-308, 2.225073858507201e-308, 5e-324, -5e-324, -0.0, np.nan, np.inf),
)
TEXTS = ("back\\slash \\' \\\\", "per%cent %s %(x)s %%", "quo'te\"s `;-- ", "", "?, ?", "\\0 \\Z")
#: As what a driver must not leave its session.
ODD = "init_command=SET%20sql_mode%3D%27ANSI%2CNO_BACKSLASH_ESCAPES%27%2C%20autocommit%3D0"
#: What differs between two loads of the same files.
NOTES = ("load_run", "load_issue", "known_file")


def test_all_drivers_are_installed():
    """The others of this file would not compare anything."""
    assert all(find_spec(module) for module in ("mariadb", "pymysql"))


def with_driver(url: str, driver: str, options: str = "") -> str:
    parsed = sa.make_url(url).set(drivername=f"mariadb+{driver}")
    return parsed.render_as_string(hide_password=False) + (f"?{options}" if options else "")


@contextlib.contextmanager
def opened(url: str | sa.URL, **options: Any) -> Iterator[sa.Engine]:
    engine = create_engine(url, **options)
    yield engine
    engine.dispose()


@pytest.fixture
def odd_night(tmp_path):
    """Give a tree of what a driver that writes literals could change."""
    tree = Tree(tmp_path / "night \U0001d6fc 100% \\n 'x'")
    files = tree.add(1)

    def add_odd_values(hdus: fits.HDUList) -> None:
        header = hdus[0].header
        for number, value in enumerate((*TEXTS, *filter(np.isfinite, DOUBLES), True, 2**62)):
            header[f"ODD{number}"] = (value, "per%cent \\ 'quoted'")
        count = len(DOUBLES)
        texts = [TEXTS[row % len(TEXTS)] for row in range(count)]
        columns = [
            fits.Column("DOUBLE", "D", array=np.array(DOUBLES)),
            fits.Column("SINGLE", "E", array=np.linspace(-1, 1, count, dtype=np.float32) / 3),
            fits.Column("BIG", "K", array=np.array([-(2**63), 2**63 - 1, 0] * count)[:count]),
            fits.Column("LOGICAL", "L", array=np.arange(count) % 2 == 0),
            fits.Column("TEXT %s", "24A", array=texts),
        ]
        hdus.append(fits.BinTableHDU.from_columns(columns, name="ODD_VALUES"))

    edit(files.file("raw"), add_odd_values)
    return tree.root


def shape(engine: sa.Engine) -> dict[str, str]:
    """Give what the server says of tables and views, without numbers that it counts."""
    counted = re.compile(r"aomuse_test_\d+|(?<=_id` = )\d+")
    return {name: counted.sub("", text) for name, text in definitions(engine).items()}


def plain_rows(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Give the rows of all tables as SELECT gives them, without aomuse's session and types.

    Drivers leave other gaps between the numbers of rows: each number is its place among them.
    """
    numbers = {
        name: {number: place for place, (number,) in enumerate(
            query(engine, f"SELECT id FROM `{name}` ORDER BY id"))}
        for name, table in TABLES.items() if "id" in table.c
    }  # fmt: skip

    def place(column: sa.Column[object], value: object) -> object:
        parents = [key.column for key in column.foreign_keys]
        name = parents[0].table.name if parents else column.table.name
        is_number = "id" in (column.name, *(parent.name for parent in parents))
        return numbers[name].get(value, value) if is_number else value

    def places(table: sa.Table, row: dict[str, object]) -> tuple[object, ...]:
        if table.name == "special_value":
            key = list(TABLES[str(row["table_name"])].primary_key.columns)
            parts = str(row["row_key"]).split("/")
            if len(parts) == len(key):
                row["row_key"] = [place(c, int(v)) for c, v in zip(key, parts, strict=True)]
        return tuple(place(column, row[column.name]) for column in table.c)

    found = {}
    for name, table in TABLES.items():
        if name in {*NOTES, "view_state", "run_lock"}:
            continue
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(f"SELECT * FROM `{name}`").mappings()
            found[name] = sorted((places(table, dict(row)) for row in rows), key=repr)
    return found


def test_every_driver_stores_and_reads_the_same(mariadb_admin, at_head, odd_night, tmp_path):
    urls, plain, shapes, exported = [], [], [], []
    for driver in DRIVERS:
        urls.append(at_head(mariadb_admin()))
        mine = with_driver(urls[-1], driver, ODD)
        done = aomuse(mine, "load", "--workers", 1, odd_night)
        assert done.code == 0, done.text
        assert ("binary bulk writes are not possible" in done.err) is (driver == PYMYSQL)
        assert "0 files with differences" in aomuse(mine, "verify", odd_night).out
        assert aomuse(mine, "export", "seed-json", tmp_path / driver).code == 0
        exported.append({p.name: p.read_bytes() for p in (tmp_path / driver).iterdir()})
        with opened(mine) as engine:
            fill_every_table(engine)
        bare = sa.create_engine(urls[-1], poolclass=sa.NullPool)
        plain.append(plain_rows(bare))
        shapes.append(shape(bare))
    assert shapes[0] == shapes[1]
    for table, rows in plain[0].items():
        assert rows == plain[1][table], table
    assert len(plain[0]["table_value"]) > len(DOUBLES)
    assert exported[0] == exported[1] != {}
    # Whoever reads, whoever wrote.
    for url in urls:
        answers = []
        for driver in DRIVERS:
            with opened(with_driver(url, driver, ODD)) as engine:
                answers.append(repr(contents(engine, but=NOTES)))
        assert answers[0] == answers[1]


@pytest.mark.parametrize("driver", DRIVERS)
def test_doubles_come_back_to_the_bit(mariadb_admin, driver):
    """Random ones of all sizes, as text and (by the connector) binary; a server has no -0.0."""
    dice = np.random.default_rng(7)
    values = dice.integers(0, 2**64, 4000, dtype=np.uint64)
    values[:500] >>= np.uint64(12)  # subnormal
    doubles = values.view(np.float64)
    doubles = np.concatenate([doubles[np.isfinite(doubles) & (doubles != 0)], DOUBLES[:11]])
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True),
                     sa.Column("v", sa.Double), sa.Column("w", sa.Double))  # fmt: skip
    engine = create_engine(with_driver(mariadb_admin(), driver))
    metadata.create_all(engine)
    with engine.begin() as connection:
        frame = pd.DataFrame({"id": np.arange(1, len(doubles) + 1), "v": doubles})
        ExecutemanyWriter(connection).write("t", frame)
        connection.execute(sa.update(table).values(w=table.c.v))
        for number in range(1, 12):
            value = float(doubles[-number])
            assert connection.scalar(sa.select(table.c.v).where(table.c.v == value)) == value
    with read_transaction(engine) as connection:
        select = sa.select(table.c.id, table.c.v, table.c.w).order_by(table.c.id)
        as_text = connection.execute(select).all()
        streamed = list(pieces(connection, select, size=2000))
    engine.dispose()
    assert len(streamed) > 1
    for column in ("v", "w"):
        read = np.concatenate([piece[column] for piece in streamed])
        assert read.tobytes() == doubles.tobytes()
    assert struct.pack(f"{len(doubles)}d", *(row.v for row in as_text)) == doubles.tobytes()


def test_sessions_are_set_up_alike(mariadb_admin):
    url = mariadb_admin()
    engines = [create_engine(with_driver(url, driver, ODD)) for driver in DRIVERS]
    ours = [dict(query(engine, "SHOW SESSION VARIABLES")) for engine in engines]
    own = {"pseudo_thread_id", "timestamp", "last_gtid", "rand_seed1", "rand_seed2"}
    assert {k: v for k, v in ours[0].items() if ours[1][k] != v and k not in own} == {}
    assert ours[1]["collation_connection"] in NAMES


@pytest.mark.parametrize("driver", DRIVERS)
def test_errors_have_their_number_and_kind(mariadb_admin, driver):
    url = with_driver(mariadb_admin(), driver)
    with opened(url, patient=False) as engine:
        with engine.connect() as connection:
            with pytest.raises(sa.exc.ProgrammingError) as raised:
                connection.exec_driver_sql("SELECT * FROM absent")
            assert error_number(raised.value.orig) == 1146
            assert trouble_of(raised.value) is Trouble.NONE
            number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
            with opened(engine.url) as other:
                execute(other, f"KILL CONNECTION {number}")
            with pytest.raises(sa.exc.DBAPIError) as raised:
                connection.exec_driver_sql("SELECT 1")
            assert trouble_of(raised.value) is Trouble.GONE
            assert connection.invalidated
        assert query(engine, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_reader_who_stops_early_leaves_a_usable_connection(mariadb_admin, driver):
    sequence = sa.text("SELECT seq FROM seq_1_to_100000")
    with opened(with_driver(mariadb_admin(), driver)) as engine:
        for _ in range(3):
            with engine.connect() as connection:
                result = connection.execute(sequence, execution_options={"binary_rows": True})
                assert result.fetchone() == (1,)
                result.close()
                assert connection.scalar(sa.text("SELECT 2")) == 2


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_password_of_any_characters(mariadb_admin, mariadb_server, driver):
    url = with_driver(mariadb_admin(), driver)
    password = "\u03c4\u2080=5ms \u00e9%s'\\"
    with account(mariadb_server, url, password=password) as (theirs,), opened(theirs) as engine:
        assert query(engine, "SELECT CURRENT_USER() LIKE 'account_%'") == [(1,)]


TLS = {
    "": (True, None),
    "ssl=true": (True, True),
    "ssl=true&tls_version=TLSv1.2": (True, True),
    "ssl_ca={own}&ssl_check_hostname=false": (True, True),
    "ssl_ca={own}&ssl_verify_cert=false": (True, True),
    "ssl_ca={other}": (False, None),
    "ssl_verify_cert=true": (False, None),
    "ssl_ca={other}&ssl_verify_cert=true": (False, None),
    "ssl_ca=/nowhere.pem": (False, None),
    "ssl_cipher=nonsense": (False, None),
    "ssl=false": (True, False),
}


@pytest.mark.parametrize("options", TLS)
def test_tls_that_is_asked_for_is_checked(mariadb_admin, mariadb_server, options):
    works, encrypted = TLS[options]
    public = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    given = options.format(own=mariadb_server.certificate, other=public)
    with opened(with_driver(mariadb_admin(), PYMYSQL, given), patient=False) as engine:
        if not works:
            with pytest.raises((sa.exc.DBAPIError, ConfigurationError)):
                engine.connect()
            return
        with engine.connect() as connection:
            cipher = connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_cipher'").one()[1]
            version = connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_version'").one()[1]
    assert encrypted is None or bool(cipher) is encrypted
    assert "tls_version" not in options or version == "TLSv1.2"


@pytest.mark.parametrize("scheme", ["mysql+pymysql", "mariadb+pymysql"])
def test_a_url_for_pymysql_means_pymysql(scheme):
    url = database_url(f"{scheme}://muse:x@db/muse?charset=utf8mb4&ssl_ca=/ca.pem")
    assert url.get_driver_name() == PYMYSQL
    assert "charset" not in url.query
    assert checks_certificate(url)
    assert not checks_certificate(database_url(f"{scheme}://muse@db/muse?ssl=true"))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
@pytest.mark.parametrize(
    ("broken", "driver"), [((), CONNECTOR), (("mariadb",), PYMYSQL), (("pymysql",), CONNECTOR)]
)
def test_a_url_without_a_driver_takes_what_is_installed(scheme, broken, driver, monkeypatch):
    for module in broken:
        monkeypatch.setitem(sys.modules, module, None)
    assert installed_driver() == driver
    assert database_url(f"{scheme}://muse@db/muse").get_driver_name() == driver
    for named in DRIVERS:
        assert database_url(f"{scheme}+{named}://muse@db/muse").get_driver_name() == named


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("mysql+pymysql://u@h/d?compress=true", "compress, which PyMySQL cannot follow"),
        ("mysql+pymysql://u@h/d?tls_fp=AA", "tls_fp, which PyMySQL cannot follow"),
        ("mysql+pymysql://u@h/d?charset=latin1", "charset=latin1: write utf8mb4"),
        ("mysql+pymysql://u@h/d?cursorclass=x", "not known, 'cursorclass'"),
        ("mysql+mysqldb://u@h/d", "is for mysql+mysqldb: aomuse works with"),
        ("mariadb+asyncmy://u@h/d", "mariadb+asyncmy"),
    ],
)
def test_what_a_driver_cannot_do_is_an_error(rest, said):
    assert said in fail(rest, "status")


def test_a_driver_that_is_not_installed_is_named(monkeypatch):
    for module, driver, extra in (("mariadb", CONNECTOR, "mariadb"), ("pymysql", PYMYSQL, PYMYSQL)):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            done = aomuse(f"mariadb+{driver}://u:secret@h/d", "status")
        assert (done.code, len(done.errors)) == (2, 1)
        assert f"pip install 'aomuse[{extra}]'" in done.err
        assert "secret" not in done.text
