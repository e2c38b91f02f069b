"""A MariaDB server: driver, encryption, settings, and what the account may do."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.connections.drivers import bulk_way, driver_and_version, is_pymysql
from aomuse.connections.kept_values import kept_references
from aomuse.connections.server_session import SQL_MODE
from aomuse.connections.urls import option
from aomuse.doctor.finding import Finding, mend
from aomuse.load.writer_choice import choose_writer

#: What each command of aomuse but grant-reader makes do with.
PRIVILEGES = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"),
    *("CREATE VIEW", "SHOW VIEW"),
)
_OF_READERS = {"SELECT", "SHOW VIEW"}

#: The version that aomuse is tested with, and what a packet must be able to hold.
_TESTED = "10.11"
_PACKET_BYTES = 16 << 20
_NO_LIMIT = 2**64 - 1
#: A redo log that takes twenty exposures before the server must write their pages to disk.
_REDO_BYTES = 1 << 30
#: The run's lock, a loading connection, and another in reserve.
_CONNECTIONS = 3

_GRANT = re.compile(r"GRANT (?P<what>.+?) ON (?P<where>\S+) TO ")


def examine_driver(engine: Engine) -> Finding:
    """Return what is to be said of the driver."""
    return Finding("driver", driver_and_version(engine.url))


def version(connection: Connection) -> Finding:
    """Look at the server's version."""
    text = connection.exec_driver_sql("SELECT VERSION()").scalar_one()
    return Finding("server", f"{text}; aomuse is tested with {_TESTED}")


def encryption(connection: Connection) -> Finding:
    """Look whether a connection that leaves the machine is encrypted."""
    url = connection.engine.url
    cipher = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_version'").one()[1]
    is_local = option(url, "unix_socket") or url.host in {None, "localhost", "127.0.0.1", "::1"}
    if cipher:
        return Finding("encryption", cipher)
    if is_local:
        return Finding("encryption", "none, and the server is on this machine")
    return mend(
        "encryption",
        "none, and the server is on another machine: append ?ssl=true to the URL (docs/mariadb.md)",
    )


def memory(connection: Connection) -> Finding:
    """Look whether the driver frees what it has read; connector 2.0.0rc2 does not."""
    kept = kept_references(connection)
    if kept is None:
        return mend(
            "memory",
            "the connector keeps values that it has read, in a way that aomuse does not know: let "
            "the URL begin with mariadb+pymysql://, or pip install 'aomuse[mariadb-source]'",
        )
    by = "aomuse, since the connector keeps them" if kept else "the driver"
    return Finding("memory", f"values that were read are freed by {by}")


def session(connection: Connection) -> Finding:
    """Look whether aomuse's sessions have aomuse's settings, whatever the server's own are."""
    own, mode, zone, names = connection.exec_driver_sql(
        "SELECT @@GLOBAL.sql_mode, @@SESSION.sql_mode, @@SESSION.time_zone, @@character_set_client"
    ).one()
    if {*mode.split(",")} != {*SQL_MODE.split(",")} or (zone, names) != ("+00:00", "utf8mb4"):
        return mend(
            "session",
            f"the session has sql_mode {mode}, time zone {zone} and character set {names}, which "
            "aomuse did not set: look for a proxy between here and the server",
        )
    return Finding("session", f"strict, UTC, utf8mb4; sql_mode of others is {own or 'empty'}")


def settings(connection: Connection) -> Finding:
    """Look at the server's settings that a session cannot change."""
    read_only, limit, packet, connections, account = connection.exec_driver_sql(
        "SELECT @@GLOBAL.read_only, @@GLOBAL.sql_select_limit, @@GLOBAL.max_allowed_packet, "
        "@@GLOBAL.max_connections, @@SESSION.max_user_connections"
    ).one()
    wrong = []
    if read_only:
        wrong.append("read_only is on (is it a replica?): load from its primary, or switch it off")
    if limit != _NO_LIMIT:
        wrong.append(f"sql_select_limit is {limit}, by which backups fail: SET GLOBAL to DEFAULT")
    if packet < _PACKET_BYTES:
        wrong.append(f"max_allowed_packet is {packet}: set it to {_PACKET_BYTES} or more")
    allowed = min(connections, account or connections)
    if allowed < _CONNECTIONS:
        wrong.append(f"{allowed} connections are allowed: a load needs {_CONNECTIONS}")
    if wrong:
        return mend("settings", "; ".join(wrong))
    return Finding("settings", f"packets of {packet >> 20} MB, {allowed} connections")


def speed(connection: Connection) -> Finding:
    """Look at the server's settings that make loads slow; none of them is wrong."""
    rows = connection.exec_driver_sql(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
        "('innodb_adaptive_hash_index', 'innodb_log_file_size')"
    )
    found = {str(row[0]): str(row[1]) for row in rows}
    slow = []
    if found.get("innodb_adaptive_hash_index") == "OFF":
        slow.append("innodb_adaptive_hash_index is off")
    if (size := int(found.get("innodb_log_file_size", _REDO_BYTES))) < _REDO_BYTES:
        slow.append(f"innodb_log_file_size is {size >> 20} MB")
    if slow:
        text = f"{' and '.join(slow)}: loads could be faster (docs/mariadb.md#server-settings)"
        return Finding("speed", text)
    return Finding("speed", "adaptive hash index on, redo log large: loads are fast")


def privileges(connection: Connection) -> Finding:
    """Look at what the account may do, by itself or by its roles."""
    database = str(connection.engine.url.database)
    account = connection.scalar(sa.func.current_user().select())
    may: set[str] = set()
    for grant in connection.exec_driver_sql("SHOW GRANTS").scalars():
        found = _GRANT.match(grant)
        if found and _covers(found["where"], database):
            may.update(re.split(r", (?![^(]*\))", found["what"]))
    missing = [] if "ALL PRIVILEGES" in may else [p for p in PRIVILEGES if p not in may]
    if not missing:
        return Finding("privileges", f"{account} may load and migrate")
    if may & {*PRIVILEGES} == _OF_READERS:
        return Finding("privileges", f"{account} may read, and not load")
    return mend(
        "privileges",
        f"{account} lacks {', '.join(missing)}: let an administrator "
        f"GRANT {', '.join(missing)} ON {database}.*",
    )


def _covers(where: str, database: str) -> bool:
    """Return whether a grant is for all tables of a database; _ and % stand for any characters."""
    if where == "*.*":
        return True
    found = re.fullmatch(r"`(.+)`\.\*", where)
    if found is None:
        return False
    parts = re.findall(r"\\.|.", found[1].replace("``", "`"))
    wild = {"_": ".", "%": ".*"}
    pattern = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(pattern, database, re.DOTALL) is not None


#: What is asked of a connection, in order.
LOOKS = (version, encryption, memory, session, settings, speed, privileges)


def examine_bulk(engine: Engine) -> Finding:
    """Return how rows go to the server; tried out by a few that are not kept."""
    with engine.connect() as connection:
        way = bulk_way(connection)
        if privileges(connection).text.endswith("and not load"):
            return Finding("bulk rows", "not tried: the account writes nothing")
    notice = None if is_pymysql(engine.url) else choose_writer(engine).notice
    return mend("bulk rows", notice) if notice else Finding("bulk rows", way)
