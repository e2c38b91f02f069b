"""On which engines a test runs, if not on both.

Files are found, read and normalized before an engine has a part in it. What differs in that alone
runs on SQLite; one case on MariaDB, if any, shows that the rows arrive there too.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

#: A test in which only files differ, and others show that their rows arrive on MariaDB.
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"])
on_mariadb = pytest.mark.parametrize("backend", ["mariadb"])


def one_on_mariadb(
    names: str | Sequence[str], cases: Sequence[Any], ids: Sequence[str] | None = None
) -> Callable[[Any], Any]:
    """Parametrize a test with all cases on SQLite, and with the first on MariaDB."""
    names = [names] if isinstance(names, str) else list(names)
    rows = [(case,) if len(names) == 1 else tuple(case) for case in cases]
    runs = [*(("sqlite", *row) for row in rows), ("mariadb", *rows[0])]
    if ids is not None:
        ids = [*(f"sqlite-{i}" for i in ids), f"mariadb-{ids[0]}"]
    return pytest.mark.parametrize(("backend", *names), runs, ids=ids)
