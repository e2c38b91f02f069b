"""The engines that read a lake, and how the SQL of MariaDB's views becomes theirs.

MariaDB gives NULL where other engines stop with an error: division by zero, the root of a negative
number, a number too large for the type it is cast to. Views say NULL on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp


@dataclass(frozen=True)
class Dialect:
    """The SQL of an engine.

    Attributes
    ----------
    name : str
        Of the engine.
    sqlglot_name : str
        What sqlglot calls its SQL.
    quote : str
        What stands around names.
    types : mapping
        Types of columns, for a table that has no files.
    files : str
        What follows FROM to read the files of a ``table`` of a ``lake``.
    adapt : callable
        Changes a statement to what the engine takes.
    """

    name: str
    sqlglot_name: str
    quote: str
    types: Mapping[pa.DataType, str]
    files: str
    adapt: Callable[[exp.Expression], None]

    def translate(self, statement: str) -> str:
        """Return a SELECT of MariaDB in the SQL of the engine."""
        return _translated(self.name, statement)

    def quoted(self, name: str) -> str:
        """Return a name as an identifier."""
        return f"{self.quote}{name}{self.quote}"


@lru_cache(maxsize=256)
def _translated(name: str, statement: str) -> str:
    # Engines that scan decide the order of joins by themselves.
    statement = statement.replace("STRAIGHT_JOIN", "JOIN")
    tree: Any = sqlglot.parse_one(statement, read="mysql")
    DIALECTS[name].adapt(tree)
    return str(tree.sql(DIALECTS[name].sqlglot_name, pretty=True, copy=False))


def _as_duckdb(tree: exp.Expression) -> None:
    """Make a statement one that gives NULL in DuckDB where it does in MariaDB."""
    for division in _deepest_first(tree, exp.Div):
        # sqlglot is not to guard it again.
        division.set("safe", False)
        divisor = division.expression
        divisor = divisor.this if isinstance(divisor, exp.Paren) else divisor
        if not isinstance(divisor, exp.Literal):
            zero = exp.Literal.number(0)
            division.set("expression", exp.Nullif(this=divisor, expression=zero))
    for root in _deepest_first(tree, exp.Sqrt):
        is_square = exp.GTE(this=root.this.copy(), expression=exp.Literal.number(0))
        root.set("this", exp.case().when(is_square, root.this))
    for power in _deepest_first(tree, exp.Pow):
        # NaN is equal to NaN here.
        guarded = exp.Nullif(expression=exp.cast(exp.Literal.string("NaN"), "double"))
        power.replace(guarded)
        guarded.set("this", power)
    _try_casts(tree)


def _as_spark(tree: exp.Expression) -> None:
    """Make a statement one that Spark takes, and that gives NULL where it does in MariaDB.

    An interval has a constant number, a text in a statement no length, and a subquery of one value
    stands neither in the condition of a join nor in what is aggregated: it becomes a lateral join.
    """
    for division in _deepest_first(tree, exp.Div):
        if not isinstance(division.expression, exp.Literal):
            division.replace(exp.func("TRY_DIVIDE", division.this, division.expression))
    for function in _deepest_first(tree, exp.Sqrt, exp.Pow):
        guarded = exp.Anonymous(this="NANVL")
        function.replace(guarded)
        guarded.set("expressions", [function, exp.null()])
    _try_casts(tree)
    for interval in _deepest_first(tree, exp.Interval):
        if not isinstance(interval.this, exp.Literal):
            _add_by_function(interval)
    for kind in list(tree.find_all(exp.DataType)):
        if kind.this in exp.DataType.TEXT_TYPES:
            kind.replace(exp.DataType.build("text"))
    numbers = count(1)
    for select in _deepest_first(tree, exp.Select):
        joins = []
        for join in select.args.get("joins") or []:
            joins += [*_laterals(select, [join.args.get("on")], numbers), join]
        aggregates = [each for column in select.selects for each in column.find_all(exp.AggFunc)]
        joins += _laterals(select, aggregates, numbers)
        select.set("joins", joins)


def _try_casts(tree: exp.Expression) -> None:
    for cast in _deepest_first(tree, exp.Cast):
        if type(cast) is exp.Cast and not cast.is_type(*exp.DataType.TEXT_TYPES):
            cast.replace(exp.TryCast(**cast.args))


def _deepest_first(tree: exp.Expression, *kinds: type[exp.Expression]) -> list[Any]:
    return list(tree.find_all(*kinds))[::-1]


def _add_by_function(interval: exp.Interval) -> None:
    sum_ = interval.parent
    assert isinstance(sum_, exp.Add | exp.Sub)
    number: exp.Expression = exp.paren(interval.this.unnest())
    if isinstance(sum_, exp.Sub):
        number = exp.Neg(this=number)
    moment = exp.cast(sum_.this, "timestamp_ntz")
    sum_.replace(exp.func("TIMESTAMPADD", exp.var(interval.text("unit")), number, moment))


def _laterals(
    select: exp.Select, places: Iterable[exp.Expression | None], numbers: count[int]
) -> list[exp.Join]:
    """Return the joins that give the values of a statement's subqueries, each once."""
    found: dict[str, exp.Join] = {}
    for subquery in [each for place in places if place for each in place.find_all(exp.Subquery)]:
        if subquery.parent_select is not select:
            continue
        text = subquery.sql()
        if text not in found:
            inner = subquery.this.copy()
            value = exp.alias_(inner.selects[0].unalias(), "value")
            inner.set("expressions", [value])
            name = exp.TableAlias(this=f"joined_{next(numbers)}")
            lateral = exp.Lateral(this=exp.Subquery(this=inner), alias=name)
            found[text] = exp.Join(this=lateral, side="LEFT", on=exp.true())
        subquery.replace(exp.column("value", table=found[text].this.alias))
    return list(found.values())


_DUCKDB = Dialect(
    "duckdb",
    "duckdb",
    '"',
    {
        pa.string(): "VARCHAR",
        pa.binary(): "BLOB",
        pa.timestamp("us"): "TIMESTAMP",
        pa.bool_(): "BOOLEAN",
        pa.float64(): "DOUBLE",
        pa.int16(): "SMALLINT",
        pa.int32(): "INTEGER",
        pa.int64(): "BIGINT",
    },
    "read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = false)",
    _as_duckdb,
)
_SPARK = Dialect(
    "spark",
    # Spark's own SQL by sqlglot has no TRY_CAST, which came with version 3.2.
    "databricks",
    "`",
    {
        **_DUCKDB.types,
        pa.string(): "STRING",
        pa.binary(): "BINARY",
        pa.timestamp("us"): "TIMESTAMP_NTZ",
    },
    "parquet.`file:{lake}/{table}`",
    _as_spark,
)
DIALECTS = {dialect.name: dialect for dialect in (_DUCKDB, _SPARK)}
