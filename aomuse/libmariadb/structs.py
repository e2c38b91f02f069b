"""Layouts of the C API's structures, which `aomuse.libmariadb.probe` puts to the test.

They are part of the binary interface of ``libmariadb.so.3``; ctypes lays the fields out as the
machine's C compiler does.
"""

from __future__ import annotations

from ctypes import (
    Structure,
    c_byte,
    c_int,
    c_ubyte,
    c_uint,
    c_ulong,
    c_void_p,
)

import numpy as np


class MysqlBind(Structure):
    """``MYSQL_BIND``: one parameter of a prepared statement, here one column of values."""

    _fields_ = (
        ("length", c_void_p),  # unsigned long per row, for texts and bytes
        ("is_null", c_void_p),
        ("buffer", c_void_p),  # the values; of texts, bytes and times, one pointer per row
        ("error", c_void_p),
        ("indicator", c_void_p),  # signed char per row
        ("store_param_func", c_void_p),
        ("fetch_result", c_void_p),
        ("skip_result", c_void_p),
        ("buffer_length", c_ulong),
        ("offset", c_ulong),
        ("length_value", c_ulong),
        ("flags", c_uint),
        ("pack_length", c_uint),
        ("buffer_type", c_int),
        ("error_value", c_byte),
        ("is_unsigned", c_byte),
        ("long_data_used", c_byte),
        ("is_null_value", c_byte),
        ("extension", c_void_p),
    )


class MysqlField(Structure):
    """``MYSQL_FIELD``: one column of a result."""

    _fields_ = (
        ("name", c_void_p),
        ("org_name", c_void_p),
        ("table", c_void_p),
        ("org_table", c_void_p),
        ("db", c_void_p),
        ("catalog", c_void_p),
        ("definition", c_void_p),
        ("length", c_ulong),
        ("max_length", c_ulong),
        ("name_length", c_uint),
        ("org_name_length", c_uint),
        ("table_length", c_uint),
        ("org_table_length", c_uint),
        ("db_length", c_uint),
        ("catalog_length", c_uint),
        ("def_length", c_uint),
        ("flags", c_uint),
        ("decimals", c_uint),
        ("charsetnr", c_uint),
        ("type", c_int),
        ("extension", c_void_p),
    )


class MysqlTime(Structure):
    """``MYSQL_TIME``: a date and time."""

    _fields_ = (
        ("year", c_uint),
        ("month", c_uint),
        ("day", c_uint),
        ("hour", c_uint),
        ("minute", c_uint),
        ("second", c_uint),
        ("second_part", c_ulong),  # microseconds
        ("neg", c_ubyte),
        ("time_type", c_int),
    )


#: `MysqlTime` as the type of a numpy array.
TIME_DTYPE = np.dtype(MysqlTime)

#: ``MYSQL_TIMESTAMP_DATETIME``
TIMESTAMP_DATETIME = 1
