"""PEP 249's exceptions, and which of them a server's or the library's error number is."""

from __future__ import annotations

from aomuse.libmariadb.constants import PACKET_TOO_LARGE


class BulkUnavailable(Exception):  # noqa: N818 - a state of affairs that the loader lives with
    """Rows cannot go through array binding here; the text is the reason, in one line."""


class Warning(Exception):  # noqa: A001, N818 - the name that PEP 249 asks for
    """PEP 249's warning."""


class Error(Exception):
    """An error of the database or of its use.

    Parameters
    ----------
    text : str
        What the server, the library or this package says.
    errno : int, optional
        Number of the error; 0 for one that this package found itself.
    sqlstate : str, optional
        SQLSTATE of the error.
    """

    def __init__(self, text: str, errno: int = 0, sqlstate: str = "HY000") -> None:
        super().__init__(text)
        self.errno = errno
        self.sqlstate = sqlstate


class InterfaceError(Error):
    """The interface was used wrongly, or the connection is closed."""


class DatabaseError(Error):
    """An error of the database."""


class DataError(DatabaseError):
    """A value that its column does not take."""


class OperationalError(DatabaseError):
    """The server, the network, a lock or a permission; not the statement."""


class IntegrityError(DatabaseError):
    """A key, NOT NULL, foreign key or check that a row breaks."""


class InternalError(DatabaseError):
    """The database contradicts itself."""


class ProgrammingError(DatabaseError):
    """A wrong statement or wrong parameters."""


class NotSupportedError(DatabaseError):
    """Something that the database does not do."""


#: SQLSTATE's class to exception; all others, client errors included, are operational.
_BY_CLASS = {
    "0A": NotSupportedError,
    "21": ProgrammingError,
    "22": DataError,
    "23": IntegrityError,
    "42": ProgrammingError,
}

#: Errors whose SQLSTATE says less than their number.
_BY_NUMBER = {
    1044: OperationalError,  # access denied to a database, …
    1142: OperationalError,  # … a table,
    1143: OperationalError,  # … a column,
    1227: OperationalError,  # … what needs a global privilege,
    1370: OperationalError,  # … a routine
    1263: DataError,  # NULL supplied to NOT NULL column
    1265: DataError,  # data truncated for column
    1364: IntegrityError,  # a column without default was left out
    1366: DataError,  # incorrect value for column
}

#: Errors after which the connection is of no more use, beside those that SQLAlchemy knows.
LOST = frozenset({1053, 1152, PACKET_TOO_LARGE, 1158, 1159, 1160, 1161, 2026, 2027})


def error_of(errno: int, sqlstate: str, text: str) -> Error:
    """Return the exception of an error.

    Parameters
    ----------
    errno : int
        Number of the error.
    sqlstate : str
        Its SQLSTATE.
    text : str
        What was said.

    Returns
    -------
    Error
        An instance of the class that fits.

    Examples
    --------
    >>> error_of(1062, "23000", "Duplicate entry '1' for key 'PRIMARY'")
    IntegrityError("Duplicate entry '1' for key 'PRIMARY'")
    >>> error_of(1205, "HY000", "Lock wait timeout exceeded").errno
    1205
    """
    kind = _BY_NUMBER.get(errno) or _BY_CLASS.get(sqlstate[:2], OperationalError)
    return kind(text, errno, sqlstate)
