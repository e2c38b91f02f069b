"""What a MariaDB server works on for this process ends with a signal that ends the command.

Python handles a signal between its own instructions, and a statement is one: the connector's C code
waits until the server answers. The signal's number also goes to a thread, which asks the server by
another connection to end the statement. Then the handler comes to its turn.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary

from aomuse import signals

#: Seconds in which Python handles a signal where no statement is in its way.
_GRACE_S = 0.2
_CONNECT_S = 5
#: Errors of MariaDB's client library; those of a server are below.
_FIRST_OF_CLIENT = 2000
#: An idle connection may need its next statement to clear up.
_IS_BUSY = "SELECT 1 FROM information_schema.processlist WHERE id = ? AND command <> 'Sleep'"

#: Number, dialect and URL of each connection of MariaDB's connector.
_SESSIONS: WeakKeyDictionary[Any, tuple[int, Any, Any]] = WeakKeyDictionary()


def remember_session(connection: Any, dialect: Any, url: Any) -> None:
    """Let a signal end the statements of a new connection."""
    # Another connection need not name a database.
    _SESSIONS[connection] = (connection.connection_id, dialect, url._replace(database=None))


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a signal that ends the command end its statements; in the main thread only."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    with sender:
        try:
            before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        except ValueError:
            receiver.close()
            yield
            return
        signals.count_anew()
        Thread(target=_watch, args=(receiver,), name=signals.OWN_THREAD, daemon=True).start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)


def _watch(receiver: socket.socket) -> None:
    with receiver:
        while number := receiver.recv(1):
            if number[0] in signals.ENDING and signals.has_come():
                time.sleep(_GRACE_S)
                if signals.is_waiting():
                    _end_statements()


def _end_statements() -> None:
    """End statements, or the connection where a server does not let us."""
    silent = set()
    for connection, (number, dialect, url) in list(_SESSIONS.items()):
        server = url.host, url.port, url.query.get("unix_socket")
        try:
            if server not in silent:
                _end_statement(number, dialect, url)
                continue
        except dialect.loaded_dbapi.Error as error:
            # Numbers from 2000 are the client's: no answer. An account that is gone is one.
            if (error.errno or 0) >= _FIRST_OF_CLIENT:
                silent.add(server)
        with suppress(OSError, dialect.loaded_dbapi.Error):
            connection.socket.shutdown(socket.SHUT_RDWR)


def _end_statement(number: int, dialect: Any, url: Any) -> None:
    arguments, options = dialect.create_connect_args(url)
    options["connect_timeout"] = _CONNECT_S
    with closing(dialect.connect(*arguments, **options)) as other:
        cursor = other.cursor()
        cursor.execute(_IS_BUSY, (number,))
        if cursor.fetchone():
            with suppress(dialect.loaded_dbapi.Error):  # the connection has ended by itself
                cursor.execute(f"KILL QUERY {number}")
