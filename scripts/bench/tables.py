"""The figures of a run as the tables of docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from scripts.bench.at_size import LIMIT_S
from scripts.bench.reading import WAYS

_ENGINES = ("mariadb", "sqlite")
_LOCAL = "LOAD DATA LOCAL INFILE"


def blocks(result: dict[str, Any]) -> dict[str, str]:
    """Return each table in Markdown, by the name of its place in the page."""
    made = {
        "machine": _machine(result),
        "whole-loads": _whole_loads(result),
        "source-rows": _source_rows(result),
        "stages": _stages(result["stages"]),
        "questions": _questions(result["seconds_for_question"]),
        "reading": _reading(result["seconds_of_reading"]),
        "at-size": _at_size(result["seconds_at_size"]),
        "commands": _commands(result["seconds_of_commands"]),
    }
    if result["seconds_for_slices"]:
        made["slices"] = _slices(result["seconds_for_slices"])
    return made


def contest(seconds: dict[str, list[float]], base: str, heads: tuple[str, str, str]) -> str:
    """Return a table of contestants: the median, the spread, and the speed relative to one."""
    reference = statistics.median(seconds[base])
    rows = []
    for name, values in seconds.items():
        middle = statistics.median(values)
        spread = f"{min(values):.2f} to {max(values):.2f}" if len(values) > 1 else ""
        rows.append((name, f"{middle:.2f}", spread, f"{reference / middle:.2f}"))
    return _table((heads[0], heads[1], "range", heads[2]), rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], texts: int = 1) -> str:
    """Return a table in Markdown, whose first columns are texts and all others numbers."""
    heads = list(heads)
    marks = ["---" if place < texts else "---:" for place in range(len(heads))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, marks, *rows))


def _machine(result: dict[str, Any]) -> str:
    machine, options = result["machine"], result["options"]
    return (
        f"Measured on {machine['cores']} cores ({machine['machine']}) with Python "
        f"{machine['python']} and MariaDB {machine['server'].split('-')[0]}: whole loads of "
        f"{options['exposures']} exposures of {options['sources']} sources, everything else with "
        f"{options['few']} of these, medians of {options['rounds']} rounds."
    )


def _whole_loads(result: dict[str, Any]) -> str:
    loads = result["seconds_an_exposure"]
    middle = {name: statistics.median(values) for name, values in loads.items()}
    mariadb, sqlite = (middle[f"aomuse, {name}, two workers"] for name in ("MariaDB", "SQLite"))
    local = statistics.median(result["seconds_for_source_rows"][_LOCAL])
    heads = ("method", "seconds per exposure", "speed relative to blobs")
    table = contest(loads, "JSON blobs (as AOMUSE 2020)", heads)
    return (
        f"{table}\n\nWith two workers, a whole load into MariaDB takes {mariadb / local:.2f} of "
        f"the time that `{_LOCAL}` needs for the source rows alone; SQLite takes "
        f"{sqlite / mariadb:.2f} times as long as MariaDB."
    )


def _source_rows(result: dict[str, Any]) -> str:
    heads = (
        "method",
        f"seconds for {result['source_rows']:,} rows",
        "speed relative to LOAD DATA INFILE",
    )
    return contest(result["seconds_for_source_rows"], "LOAD DATA INFILE", heads)


def _stages(stages: dict[str, dict[str, float]]) -> str:
    rows = [
        (stage, *(f"{stages[engine][stage]:.2f}" for engine in _ENGINES))
        for stage in stages["mariadb"]
    ]
    return _table(("stage", "MariaDB", "SQLite"), rows)


def _questions(seconds: dict[str, list[float]]) -> str:
    rows = [(name, f"{statistics.median(values):.3f}") for name, values in seconds.items()]
    return _table(("method", "seconds"), rows)


def _reading(seconds: dict[str, dict[str, list[float]]]) -> str:
    rows = [
        (way, *(f"{statistics.median(seconds[engine][way]):.2f}" for engine in _ENGINES))
        for way in WAYS
    ]
    return _table(("what", "MariaDB", "SQLite"), rows)


def _at_size(asked: list[dict[str, Any]]) -> str:
    rows = []
    for row in asked:
        seconds = {engine: statistics.median(row[engine]) for engine in _ENGINES if engine in row}
        shown = [f"{1000 * seconds[e]:.0f}" if e in seconds else "" for e in _ENGINES]
        slow = "" if max(seconds.values()) < LIMIT_S else f" (above {LIMIT_S} s)"
        rows.append((f"`{row['view']}`", f"{row['question']}{slow}", f"{row['rows']:,}", *shown))
    return _table(("view", "question", "rows", "MariaDB, ms", "SQLite, ms"), rows, texts=2)


def _commands(commands: dict[str, dict[str, str]]) -> str:
    rows = [
        (command, *(commands[engine][command] for engine in _ENGINES))
        for command in commands["mariadb"]
    ]
    return _table(("command", "MariaDB", "SQLite"), rows)


def _slices(asked: list[dict[str, Any]]) -> str:
    engines = (*_ENGINES, "duckdb")
    rows = [
        (
            row["question"],
            f"{row['rows']:,}",
            *(f"{statistics.median(row[e]):.3f}" if e in row else "" for e in engines),
        )
        for row in asked
    ]
    table = _table(("question", "rows", "MariaDB", "SQLite", "Parquet, DuckDB"), rows)
    return f"Seconds over {asked[0]['samples']:,} samples:\n\n{table}"
