"""Numbers of MariaDB's C API, by the names that its headers give them."""

from __future__ import annotations

from enum import IntEnum


class FieldType(IntEnum):
    """``enum_field_types``: types of columns and of bound buffers."""

    DECIMAL = 0
    TINY = 1
    SHORT = 2
    LONG = 3
    FLOAT = 4
    DOUBLE = 5
    NULL = 6
    TIMESTAMP = 7
    LONGLONG = 8
    INT24 = 9
    DATE = 10
    TIME = 11
    DATETIME = 12
    YEAR = 13
    NEWDATE = 14
    VARCHAR = 15
    BIT = 16
    JSON = 245
    NEWDECIMAL = 246
    ENUM = 247
    SET = 248
    TINY_BLOB = 249
    MEDIUM_BLOB = 250
    LONG_BLOB = 251
    BLOB = 252
    VAR_STRING = 253
    STRING = 254
    GEOMETRY = 255


class Option(IntEnum):
    """``mysql_option``: what can be set before connecting."""

    CONNECT_TIMEOUT = 0
    COMPRESS = 1
    INIT_COMMAND = 3
    READ_DEFAULT_FILE = 4
    READ_DEFAULT_GROUP = 5
    SET_CHARSET_NAME = 7
    LOCAL_INFILE = 8
    READ_TIMEOUT = 11
    WRITE_TIMEOUT = 12
    SSL_VERIFY_SERVER_CERT = 21
    PLUGIN_DIR = 22
    SSL_CRL = 30
    SSL_CRLPATH = 31
    TLS_VERSION = 7005
    SSL_FP = 7001
    SSL_FP_LIST = 7002


class Information(IntEnum):
    """``mariadb_value``: what `mariadb_get_info` tells of a connection."""

    EXTENDED_SERVER_CAPABILITIES = 32


class Indicator(IntEnum):
    """``enum_indicator_type``: what stands in a row of an array."""

    NONE = 0
    NULL = 1


#: ``STMT_ATTR_ARRAY_SIZE``: rows of the arrays that are bound to a statement.
STMT_ATTR_ARRAY_SIZE = 201

#: ``MARIADB_CLIENT_STMT_BULK_OPERATIONS``, of which the library keeps the upper 32 bits.
BULK_OPERATIONS = (1 << 34) >> 32

#: ``CLIENT_FOUND_ROWS``: UPDATE counts the rows that it found, as SQLAlchemy expects.
CLIENT_FOUND_ROWS = 2

#: Character set number of columns that hold bytes.
BINARY_CHARSET = 63

#: ``ER_NET_PACKET_TOO_LARGE``, which the server answers by closing the connection.
PACKET_TOO_LARGE = 1153

#: Oldest server with COM_STMT_BULK_EXECUTE: 10.2.
OLDEST_SERVER = 100200
