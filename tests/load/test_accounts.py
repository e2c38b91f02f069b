"""Every account that the documentation describes loads the fast way."""

import os
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from warehouse import aomuse, execute

from aomuse.db import create_engine
from aomuse.load import choose_writer

REPOSITORY = Path(__file__).resolve().parent.parent.parent
GRANT = re.compile(r"GRANT ([A-Z ,\n]+) ON muse\.\* TO muse_loader;")


def documented(page: str) -> set[str]:
    """Give the privileges of the loader on a page."""
    found = GRANT.search((REPOSITORY / page).read_text())
    assert found
    return {" ".join(name.split()) for name in found[1].split(",")}


LOADER = documented("docs/mariadb.md")
#: "An account without CREATE VIEW and DROP can load", and what that leaves to do.
ACCOUNTS = {
    "README.md": documented("README.md"),
    "docs/mariadb.md": LOADER,
    "without views": LOADER - {"CREATE VIEW", "DROP"},
    "rows only": {"SELECT", "INSERT", "UPDATE", "DELETE"},
}


@pytest.fixture
def account(mariadb_admin, at_head, mariadb_server):
    """Give a function that makes an account for a new database at the newest schema."""
    admin = sa.create_engine(mariadb_server.admin_url, isolation_level="AUTOCOMMIT")
    names = []

    def create(privileges: set[str]) -> str:
        url = sa.make_url(at_head(mariadb_admin()))
        names.append(f"loading_{url.database}")  # what one account can do is not tried again
        execute(
            admin,
            f"CREATE USER {names[-1]} IDENTIFIED BY 'tau0'",
            f"GRANT {', '.join(privileges)} ON {url.database}.* TO {names[-1]}",
        )
        theirs = url.set(username=names[-1], password="tau0")
        return theirs.render_as_string(hide_password=False)

    yield create
    execute(admin, *(f"DROP USER IF EXISTS {name}" for name in names))
    admin.dispose()


@pytest.mark.parametrize("privileges", ACCOUNTS.values(), ids=ACCOUNTS)
def test_the_account_loads_the_fast_way(account, privileges, tree):
    url = account(privileges)
    engine = create_engine(url)
    assert choose_writer(engine).notice is None
    engine.dispose()
    tree.add(1)
    done = aomuse(url, "load", tree.root)
    assert done.code == 0
    about_views = [line for line in done.errors if "the views could not be updated" in line]
    assert done.errors == about_views
    assert (about_views == []) == ("CREATE VIEW" in privileges or "ALL PRIVILEGES" in privileges)
    assert aomuse(url, "verify", tree.root).code == 0


def test_a_process_tries_an_account_out_once(account, monkeypatch):
    engines = [create_engine(account(LOADER)) for _ in range(2)]
    children = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: children.append(1) or fork())
    for engine in [*engines, *engines]:
        assert choose_writer(engine).notice is None
    assert len(children) == len(engines)
    for engine in engines:
        engine.dispose()
