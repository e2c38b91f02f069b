"""What drivers tell BI tools of the schema: keys, comments and types, by which tools draw and plot.

MariaDB by its own connector and by PyMySQL, which Superset and others bring, and SQLite.
"""

import contextlib
import datetime as dt
import re
from collections import defaultdict

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.reflection import ObjectKind
from warehouse import TABLES, query, succeed

from aomuse.metrics import shown_names
from aomuse.query.refresh import all_views
from aomuse.query.views import ViewColumn

#: TINY, MEDIUM, LONG and plain BLOB, whichever the server thinks long enough.
BLOBS = {249, 250, 251, 252}
#: DB-API type codes of the MySQL protocol, which both drivers give, and what Python gets.
CODES: dict[str, tuple[set[int], type]] = {
    "tinyint": ({1}, int),
    "smallint": ({2}, int),
    "int": ({3}, int),
    "bigint": ({8}, int),
    "double": ({5}, float),
    "datetime": ({12}, dt.datetime),
    "date": ({10}, dt.date),
    "varchar": ({253}, str),
    "mediumtext": (BLOBS, str),
    "longtext": (BLOBS, str),
    "mediumblob": (BLOBS, bytes),
}

#: What a column of a view is, by its name; the first that fits.
KINDS: tuple[tuple[str, type], ...] = (
    (r"_utc$", mysql.DATETIME),
    (r"^(night|month)$", sa.DATE),
    (r"_(arcsec|nm|deg|s|m|pixel|percent|hpa|mm|c|distance|mean|min)$", sa.Double),
    (r"_(count|index)$|(?<!ground)_layer$|^(lgs|layer)$", sa.Integer),
    (r"^(exposure_id|psf_fit_id|header_id)$", sa.Integer),
    (r"^(laser_on|shutter_open|position|compared_count)$", sa.Integer),
    (r"^(target|instrument_mode|model|archive_id|file_name|keyword|version)$", sa.String),
)
#: Metrics are all one kind of number, also those that count or say yes or no.
METRICS = ("v_exposure_metrics", "v_psf_fit_metrics", "v_laser_metrics")
METRIC_NAMES = set(shown_names().values())
COMMENTS = {name: {c.name: c.comment for c in table.columns} for name, table in TABLES.items()}


OF_MARIADB = ("mariadb+mariadbconnector", "mysql+pymysql")
#: For what SQLite does not have: comments, information_schema, time zones, accounts.
mariadb_only = pytest.mark.parametrize("driver", OF_MARIADB, indirect=True)


@pytest.fixture(params=["sqlite", *OF_MARIADB])
def driver(request):
    return str(request.param)


@pytest.fixture
def backend(driver):
    """Name the kind of database that the driver is for."""
    return "sqlite" if driver == "sqlite" else "mariadb"


@pytest.fixture
def tool(driver, db_url):
    """Give an engine as a BI tool makes it: without aomuse's settings."""
    engine = sa.create_engine(sa.make_url(db_url).set(drivername=driver))
    yield engine
    engine.dispose()


def views_of(engine: sa.Engine) -> dict[str, dict[str, ViewColumn]]:
    with engine.connect() as connection:
        return {view.name: {c.name: c for c in view.columns} for view in all_views(connection)}


def on_mariadb(engine: sa.Engine) -> bool:
    return engine.dialect.name != "sqlite"


def test_all_tables_and_views_are_listed_as_such(tool):
    inspector = sa.inspect(tool)
    assert set(inspector.get_table_names()) == {*TABLES, "alembic_version"}
    assert set(inspector.get_view_names()) == set(views_of(tool))


def test_keys_are_reported(tool):
    inspector = sa.inspect(tool)
    for name, table in TABLES.items():
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        assert key
        assert key == [column.name for column in table.primary_key]
        found = {
            (*k["constrained_columns"], "to", k["referred_table"], *k["referred_columns"])
            for k in inspector.get_foreign_keys(name)
        }
        assert found == {
            (*k.column_keys, "to", k.referred_table.name, *(e.column.name for e in k.elements))
            for k in table.foreign_key_constraints
        }, name


@mariadb_only
def test_every_table_and_column_has_its_comment(tool):
    inspector = sa.inspect(tool)
    for name, table in TABLES.items():
        assert inspector.get_table_comment(name)["text"] == table.comment
        assert {c["name"]: c["comment"] for c in inspector.get_columns(name)} == COMMENTS[name]
        assert all((table.comment, *COMMENTS[name].values())), name


@mariadb_only
def test_information_schema_says_the_same(tool):
    """Tools by JDBC and ODBC ask it rather than an inspector."""
    tables = query(
        tool,
        "SELECT table_name, table_type, table_comment FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name <> 'alembic_version'",
    )
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, comment in query(
        tool,
        "SELECT table_name, column_name, column_comment FROM information_schema.columns"
        " WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
    ):
        columns[table][column] = comment
    views = views_of(tool)
    comments = {name: comment for name, kind, comment in tables if kind == "BASE TABLE"}
    assert comments == {name: table.comment for name, table in TABLES.items()}
    assert {name for name, kind, _ in tables if kind == "VIEW"} == set(views)
    assert {name: columns[name] for name in TABLES} == COMMENTS
    assert {name: list(columns[name]) for name in views} == {n: list(v) for n, v in views.items()}


def test_columns_of_tables_have_the_types_of_the_models(tool):
    inspector = sa.inspect(tool)
    for name, table in TABLES.items():
        for column in inspector.get_columns(name):
            expected, kind = table.c[column["name"]].type.python_type, column["type"]
            if expected is bool and on_mariadb(tool):
                expected = int  # TINYINT(1): only who knows the model knows that it is a flag
            if isinstance(kind, sa.Double):  # reflected, it would have any precision
                assert expected is float, (name, column)
            else:
                assert kind.python_type is expected, (name, column)
            assert column["nullable"] == table.c[column["name"]].nullable, (name, column)
            if expected is dt.datetime and on_mariadb(tool):
                assert kind.fsp == 6, (name, column)


def check_types_of_views(tool: sa.Engine) -> None:
    inspector = sa.inspect(tool)
    checked = 0
    with tool.connect() as connection:
        subqueries = {
            view.name: re.findall(r"\)\s+(?:AS\s+)?([a-z]\w*)", view.source)
            for view in all_views(connection)
        }
    for name, view in views_of(tool).items():
        for column in inspector.get_columns(name):
            where, kind = f"{name}.{column['name']}", column["type"]
            checked += 1
            if not on_mariadb(tool):
                plain = re.fullmatch(r"([a-z]\w*)\.\w+", view[column["name"]].expression)
                # columns of a subquery have no type on SQLite
                if plain and plain[1] not in subqueries[name]:
                    assert not isinstance(kind, sa.types.NullType), where
                continue
            assert not isinstance(kind, sa.types.NullType | sa.types.DECIMAL), where
            if name in METRICS and column["name"] in METRIC_NAMES:
                assert isinstance(kind, sa.Double), where
                continue
            fitting = (k for pattern, k in KINDS if re.search(pattern, column["name"]))
            assert isinstance(kind, next(fitting, object)), f"{where} is {kind!r}"
            if isinstance(kind, mysql.DATETIME):
                assert kind.fsp == 6, where
    assert checked > 300


def test_columns_of_views_have_types_before_anything_is_loaded(tool):
    check_types_of_views(tool)


@pytest.mark.usefixtures("night")
def test_columns_of_views_have_types_when_a_night_is_loaded(tool):
    check_types_of_views(tool)


@pytest.mark.usefixtures("night")
def test_cursors_describe_columns_and_give_values_of_that_type(tool):
    inspector = sa.inspect(tool)
    names = {
        name: [c["name"] for c in columns]
        for (_, name), columns in inspector.get_multi_columns(kind=ObjectKind.ANY).items()
    }
    assert set(names) >= {*TABLES, *views_of(tool)}
    types: dict[tuple[str, str], str] = {}
    if on_mariadb(tool):
        select = "SELECT table_name, column_name, data_type FROM information_schema.columns"
        found = query(tool, f"{select} WHERE table_schema = DATABASE()")
        types = {(table, column): kind for table, column, kind in found}
    seen: set[type] = set()
    for name, columns in names.items():
        with contextlib.closing(tool.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {name} LIMIT 100")
            description = list(cursor.description)
            rows = cursor.fetchall()
        assert [d[0] for d in description] == columns, name
        for place, (column, code, *_) in enumerate(description):
            values = {type(row[place]) for row in rows} - {type(None)}
            seen |= values
            if on_mariadb(tool):
                expected, python = CODES[types[name, column]]
                assert code in expected, f"{name}.{column}"
                assert values <= {python}, f"{name}.{column}"
            else:
                assert values <= {int, float, str, bytes}, f"{name}.{column}"
                if column.endswith("_utc"):
                    # texts of one form, which sort as times do
                    for text in {row[place] for row in rows} - {None}:
                        assert str(dt.datetime.fromisoformat(text))[:19] == text[:19]
    assert {int, float, str} | ({dt.datetime, dt.date} if on_mariadb(tool) else set()) <= seen


@mariadb_only
@pytest.mark.usefixtures("night")
def test_times_do_not_move_with_the_session(tool):
    statement = "SELECT date_obs_utc, night FROM v_exposure ORDER BY exposure_id"
    seen = []
    for zone in ("+00:00", "-04:00", "+13:00"):
        with tool.connect() as connection:
            connection.exec_driver_sql(f"SET time_zone = '{zone}'")
            seen.append(connection.exec_driver_sql(statement).all())
    assert seen[0]
    assert seen[0] == seen[1] == seen[2]


@mariadb_only
@pytest.mark.usefixtures("night")
def test_a_reading_account_is_told_as_much_as_the_owner(tool, db_url, monkeypatch):
    monkeypatch.setenv("AOMUSE_READER_PASSWORD", "tau0=5ms")
    succeed(db_url, "grant-reader", "muse_bi", "--no-tls", "--host", "127.0.0.1")
    account = tool.url.set(username="muse_bi", password="tau0=5ms", host="127.0.0.1")
    theirs = sa.create_engine(account)
    try:
        owner, reader = sa.inspect(tool), sa.inspect(theirs)
        everything = {"kind": ObjectKind.ANY}
        assert len(reader.get_multi_columns(**everything)) == len(TABLES) + 1 + len(views_of(tool))
        for ask in ("columns", "pk_constraint", "foreign_keys", "table_comment"):
            told, known = (getattr(i, f"get_multi_{ask}")(**everything) for i in (reader, owner))
            assert repr(told) == repr(known)
    finally:
        theirs.dispose()
        with sa.create_engine(db_url, poolclass=sa.NullPool).begin() as connection:
            connection.exec_driver_sql("DROP USER 'muse_bi'@'127.0.0.1'")
