"""A private MariaDB with simulated nights, and an account that reads it, for the check."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

from sqlalchemy import URL, make_url

from aomuse.cli.admin import READER_PASSWORD_VARIABLE
from aomuse.config import DATABASE_URL_VARIABLE
from aomuse.db import create_engine
from scripts.mariadb_server import Server

READER = "superset"

#: A prediction takes a minute of processor time, so that only the first exposures get one.
PREDICTED = 2

#: Simulated nights follow one another: these statements make weeks lie between them, so that trends
#: have months. Only the dashboard looks at this database.
_SPREAD = """
UPDATE exposure
SET date_obs_utc = date_obs_utc
    + INTERVAL 39 * DATEDIFF(date_obs_utc - INTERVAL 12 HOUR, '2018-08-12') DAY
"""


def fill(server: Server, folder: Path, exposures: int) -> URL:
    """Load simulated nights, and create a reader.

    Parameters
    ----------
    server : Server
        A server that runs and is empty.
    folder : pathlib.Path
        Where the nights are written.
    exposures : int
        Their number; 22 are a night.

    Returns
    -------
    sqlalchemy.URL
        The warehouse, for the reader and by TLS with the server's certificate checked.
    """
    password = secrets.token_urlsafe(12) + "%@:/"  # as awkward as people's passwords are
    environment = os.environ | {
        DATABASE_URL_VARIABLE: server.url,
        READER_PASSWORD_VARIABLE: password,
    }
    for command in (
        ("migrate",),
        ("simulate", folder / "first", "--exposures", PREDICTED, "--sources", 2),
        ("load", folder / "first"),
        ("predict",),
        ("simulate", folder / "all", "--exposures", exposures, "--sources", 2),
        ("load", folder / "all"),
        ("metrics",),
        ("grant-reader", READER),
    ):
        _aomuse(environment, *command)
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(_SPREAD)
    engine.dispose()
    return make_url(server.url).set(
        drivername="mysql+pymysql",
        username=READER,
        password=password,
        query={"ssl_ca": str(server.certificate)},
    )


def _aomuse(environment: dict[str, str], *arguments: object) -> None:
    program = Path(sys.executable).with_name("aomuse")
    subprocess.run(
        [program, *map(str, arguments)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
