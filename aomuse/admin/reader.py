"""An account for analysts and BI tools, that reads and does nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse.db import error_number
from aomuse.errors import ConfigurationError

#: Error numbers: no privilege for the statement, table or database; may not grant or create.
_NOT_ALLOWED = {1044, 1142, 1045, 1227, 1211, 1410, 1290}
_EXISTS = 1396
_PLACEHOLDER = "PASSWORD"


@dataclass(frozen=True)
class ReaderAccount:
    """An account that reads one database.

    Parameters
    ----------
    user, host : str
        Its name, and where it may connect from (``%`` for anywhere).
    database : str
        What it may read.
    tls : bool
        Whether it must connect by TLS.
    connections : int
        Connections at a time.
    statement_s : float
        Seconds that a statement may take.
    """

    user: str
    host: str
    database: str
    tls: bool = True
    connections: int = 10
    statement_s: float = 300.0

    def __post_init__(self) -> None:
        if not self.user:
            # The server takes it for whoever has no account.
            raise ConfigurationError("the account has no name: give one")

    def sql(self) -> list[str]:
        """Return the statements for an administrator, with a placeholder for the password."""
        return self._statements(f"BY '{_PLACEHOLDER}'")

    def create(self, engine: Engine, password: str) -> bool:
        """Create the account."""
        create, grant = self._statements(f"BY PASSWORD '{_hashed(password)}'")
        with engine.connect() as connection:
            try:
                connection.exec_driver_sql(create)
            except DBAPIError as error:
                number = error_number(error.orig)
                if number == _EXISTS:
                    raise ConfigurationError(
                        f"the account {self._account} exists already: drop it first, or give "
                        "another name"
                    ) from error
                if number in _NOT_ALLOWED:
                    return False
                raise
            try:
                connection.exec_driver_sql(grant)
            except DBAPIError as error:
                connection.exec_driver_sql(f"DROP USER {self._account}")
                if error_number(error.orig) in _NOT_ALLOWED:
                    return False
                raise
        return True

    @property
    def _account(self) -> str:
        return f"{_literal(self.user)}@{_literal(self.host)}"

    def _statements(self, identified: str) -> list[str]:
        tls = "SSL" if self.tls else "NONE"
        # In GRANT, _ and % of a database's name stand for any character.
        database = self.database.replace("`", "``").replace("_", "\\_").replace("%", "\\%")
        return [
            f"CREATE USER {self._account} IDENTIFIED {identified} REQUIRE {tls} "
            f"WITH MAX_USER_CONNECTIONS {self.connections} "
            f"MAX_STATEMENT_TIME {self.statement_s:g}",
            f"GRANT SELECT, SHOW VIEW ON `{database}`.* TO {self._account}",
        ]


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _hashed(password: str) -> str:
    """Return the hash that the server stores (mysql_native_password), so that no log shows more."""
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()
