"""Where the database is, unless the command line says otherwise."""

from __future__ import annotations

DATABASE_URL_VARIABLE = "AOMUSE_DATABASE_URL"
DEFAULT_DATABASE_URL = "sqlite:///aomuse.db"
MARIADB_DRIVER = "mariadb+mariadbconnector"
