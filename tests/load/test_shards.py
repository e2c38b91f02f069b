"""Samples on other servers: what can be known without them. `make spider-check` has the rest."""

import sqlalchemy as sa
from backends import on_mariadb

from aomuse.db import create_engine
from aomuse.load.two_phase import xid
from aomuse.models import SourceSample
from aomuse.stored.shards import find_shards, is_sharded
from scripts.spider import __main__ as command
from scripts.spider.statements import bucket_name, head_statements, node_statements

COLUMNS = SourceSample.__table__.columns.keys()
NODES = [sa.make_url(f"mariadb://muse:it's@10.0.0.{n}:3307/samples") for n in (1, 2, 3)]


def test_an_ordinary_database_answers_one_question(engine):
    asked = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert find_shards(engine) is None
    assert len(asked) == (0 if engine.dialect.name == "sqlite" else 1)
    assert not is_sharded(engine)


@on_mariadb
def test_no_other_table_of_the_server_is_opened(db):
    """A server may have thousands, and each load asks."""
    asked = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    find_shards(db.engine)
    ((statement, parameters),) = asked
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
    assert len(plan) == 2
    assert all("Scanned 0 databases" in row.Extra for row in plan)


def test_each_bucket_is_on_one_node():
    buckets = 8
    made = [list(node_statements(n, len(NODES), buckets)) for n in range(len(NODES))]
    assert [len(statements) for statements in made] == [3, 3, 2]
    *servers, table, trial, swap, _ = head_statements("muse", NODES, buckets)
    assert len(servers) == len(NODES)
    assert all("PASSWORD 'it''s'" in server for server in servers)
    for bucket in range(buckets):
        node = bucket % len(NODES)
        (statement,) = (s for s in made[node] if f"TABLE {bucket_name(bucket)} " in s)
        assert f"CHECK (psf_fit_id % {buckets} = {bucket})" in statement
        assert "FOREIGN KEY" not in statement
        assert all(f"\t{column} " in statement for column in COLUMNS)
        place = f'srv "muse_node{node}", table "{bucket_name(bucket)}"'
        assert f"PARTITION p{bucket:03d} VALUES IN ({bucket}) COMMENT = '{place}'" in table
    assert "ENGINE=SPIDER" in table
    assert all(f"\t{column} " in table for column in COLUMNS)
    assert trial.startswith("SELECT COUNT(*)")
    assert swap.startswith("RENAME TABLE source_sample TO")


def test_printed_statements_have_no_password(monkeypatch, capsys):
    monkeypatch.setenv("AOMUSE_DATABASE_URL", "mariadb://muse:secret@db/muse")
    monkeypatch.setenv(command.NODES_VARIABLE, "mariadb://muse:secret@10.0.0.1/samples")
    assert command.main(["--print", "--buckets", "2"]) == 0
    printed = capsys.readouterr().out
    assert "CREATE TABLE source_sample_001" in printed
    assert "PASSWORD '***'" in printed
    assert "secret" not in printed
    monkeypatch.delenv(command.NODES_VARIABLE)
    assert command.main(["--print"]) == 2
    assert capsys.readouterr().err == "error: AOMUSE_NODE_URLS names no node\n"


def test_transactions_of_two_warehouses_have_two_names():
    one, other = (create_engine(f"mariadb://u@h/{name}") for name in ("muse", "trial"))
    assert xid(one, 7, 12) == "'aomuse-7-12',X'6d757365'"
    assert xid(one, 7, 12) != xid(other, 7, 12)
