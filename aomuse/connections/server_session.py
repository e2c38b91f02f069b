"""Sessions on a MariaDB server: encrypted if that was asked for, and with settings of their own.

A server's defaults change what a statement means: `"x"` is a name under ANSI, a text is stored
encoded twice where the server ignores the client's character set, a SELECT returns ten rows. So
each session has its settings before SQLAlchemy asks the server anything.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, event

from aomuse.connections.drivers import is_pymysql
from aomuse.connections.urls import asks_for_tls
from aomuse.connections.whole_results import WholeResult
from aomuse.errors import ConfigurationError

#: Seconds that a statement waits for another's use of a table or view; the default is a day.
LOCK_WAIT_S = 20

#: As the connector asks for; a server with skip-character-set-client-handshake does not listen.
NAMES = "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci"

#: A value that does not fit is an error; no other mode, such as ANSI or PAD_CHAR_TO_FULL_LENGTH.
SQL_MODE = (
    "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION"
)

#: What each session sets, besides its transactions' isolation.
SETTINGS = (
    NAMES,
    "SET SESSION TRANSACTION READ WRITE",
    "SET SESSION "
    f"sql_mode = '{SQL_MODE}', "
    "time_zone = '+00:00', "
    # Each of these lets a statement fail, or do something else than it says.
    "sql_safe_updates = 0, sql_auto_is_null = 0, sql_select_limit = 18446744073709551615, "
    "sql_big_selects = 1, completion_type = 0, foreign_key_checks = 1, unique_checks = 1, "
    f"lock_wait_timeout = {LOCK_WAIT_S}, "
    "check_constraint_checks = 1, innodb_strict_mode = 1, max_sort_length = 1024, "
    "group_concat_max_len = 1073741824, div_precision_increment = 4, sql_quote_show_create = 1, "
    # An account's own limit stays, the server's for everybody would end a large load.
    "max_statement_time = IF(@@SESSION.max_statement_time = @@GLOBAL.max_statement_time, 0, "
    "@@SESSION.max_statement_time)"
    "/*M!100307 , alter_algorithm = 'DEFAULT' *//*M!100502 , sql_if_exists = 0 */",
)

#: Asks for the cipher of the session; it is empty if the session is not encrypted.
_CIPHER = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"

_NOT_ENCRYPTED = "the connection is not encrypted, although the database URL asks for it"
_ADVICE = (
    ": the server has no TLS; let its administrator switch it on, or remove the URL's options for "
    "TLS"
)


def as_script(url: URL) -> str:
    """Return the same for MariaDB's client program, which otherwise runs a script unencrypted."""
    check = (
        "DELIMITER //\nBEGIN NOT ATOMIC IF (SELECT variable_value FROM "  # noqa: S608 - no values
        "information_schema.session_status WHERE variable_name = 'Ssl_cipher') = '' THEN "
        f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{_NOT_ENCRYPTED}'; "
        "END IF; END//\nDELIMITER ;\n"
    )
    settings = "".join(f"{statement};\n" for statement in SETTINGS)
    return settings + (check if asks_for_tls(url) else "")


def prepare_sessions(engine: Engine, settings: tuple[str, ...] = SETTINGS) -> None:
    """Let each new session of an engine be as it should, before anything else is asked of it."""

    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in settings:
            cursor.execute(statement)
        if asks_for_tls(engine.url):
            cursor.execute(_CIPHER)
            if not cursor.fetchone()[1]:
                raise ConfigurationError(_NOT_ENCRYPTED + _ADVICE)
        cursor.close()

    event.listen(engine, "connect", connected, insert=True)


def offer_binary_rows(engine: Engine) -> None:
    """Let rows come in the binary protocol, and in parts, with the option ``binary_rows``.

    A double is eight bytes there. As text the server writes it digit by digit and the connector
    reads it again, which takes longer than everything else of a large result. PyMySQL has texts
    only, which are as exact: in parts is what it can do.
    """
    is_connector = not is_pymysql(engine.url)
    base: Any = engine.dialect.execution_ctx_cls

    class BinaryRows(base):  # type: ignore[misc]
        def create_default_cursor(self) -> Any:
            if not self.execution_options.get("binary_rows"):
                return super().create_default_cursor()
            return self.create_server_side_cursor()

        def create_server_side_cursor(self) -> Any:
            if is_connector:
                return WholeResult(self._dbapi_connection)
            return super().create_server_side_cursor()

    engine.dialect.execution_ctx_cls = BinaryRows
