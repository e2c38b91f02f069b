"""The frames of a lake, read when they are asked for, in the form that another library works on.

A frame is in parts, each of some exposures and read from their files alone: what a part holds is
what `Database` gives of these exposures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from aomuse.database import Database
from aomuse.errors import AomuseError, ConfigurationError
from aomuse.lake.manifest import read_manifest
from aomuse.lake.opening import open_exposures
from aomuse.query.frames.columns import make_frame
from aomuse.query.frames.filters import exposure_ids
from aomuse.query.frames.layouts import frame_columns, tables_of, telemetry_columns
from aomuse.query.frames.psf import fits_of, parameters_of
from aomuse.query.frames.reading import reading

#: What frames can be, besides those of pandas.
Form = Literal["polars", "dask", "arrow", "duckdb"]
#: Rows that a part has in all tables, if its exposures have not more each.
PART_ROWS = 2_000_000

Read = Callable[[Sequence[int]], pd.DataFrame]


class LazyLake:
    """A lake whose frames are read when they are needed, in parts.

    The methods take what those of `aomuse.Database` take, but for ``chunk_rows``.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the lake.
    database : Database
        The same lake, for frames of pandas.
    form : str
        What the methods return: ``polars`` (LazyFrame), ``dask`` (DataFrame), ``arrow``
        (RecordBatchReader) or ``duckdb`` (relation).
    """

    def __init__(self, root: Path, database: Database, form: str) -> None:
        if form not in get_args(Form):
            raise AomuseError(
                f"as_ is {form!r}: give pandas, {', '.join(get_args(Form)[:-1])} or duckdb"
            )
        self._root = root.resolve()
        self._database = database
        self._convert = _CONVERT[form]
        _require(form)

    def sources(self, **options: Any) -> Any:
        """Return PSF stars by wavelength layer, as `Database.sources` does."""
        empty = self._database.sources(exposures=[])
        return self._lazy("sources", (), options, empty)

    def psf(self, *parameters: str, **options: Any) -> Any:
        """Return the PSF by wavelength layer, as `Database.psf` does."""
        ids, _ = self._exposures(options)
        if not parameters:
            with reading(self._database.engine) as connection:
                parameters = tuple(parameters_of(connection, fits_of(connection, ids)))
        empty = self._database.psf(*parameters, exposures=[])
        return self._lazy("psf", parameters, options, empty)

    def extracted_sources(self, **options: Any) -> Any:
        """Return all sources that were extracted, as `Database.extracted_sources` does."""
        empty = self._database.extracted_sources(exposures=[])
        return self._lazy("extracted_sources", (), options, empty)

    def telemetry(self, extension: str, *columns: str, **options: Any) -> Any:
        """Return a table of the files, as `Database.telemetry` does."""
        ids, _ = self._exposures(options)
        # Says what is wrong about names.
        empty = self._database.telemetry(extension, *columns, exposures=[])
        with reading(self._database.engine) as connection:
            known = telemetry_columns(connection, extension)
            tables = tables_of(connection, extension, known, ids)
            layouts = [table.layout_id for table in tables]
        if layouts:
            shown = frame_columns(known, list(dict.fromkeys(layouts)))
            names = columns or tuple(shown)
            own = [name for name in empty.columns if name not in shown]
            typed = make_frame((shown[name] for name in names), [()] * len(names))
            units = typed.attrs["units"]
            empty = pd.concat([empty[own], typed], axis="columns")
            empty.attrs["units"] = units
            columns = names
        return self._lazy("telemetry", (extension, *columns), options, empty)

    def exposures(self, **options: Any) -> Any:
        """Return exposures, as `Database.exposures` does."""
        return self._whole(self._database.exposures(**options))

    def metrics(self, *names: str, **options: Any) -> Any:
        """Return metrics, as `Database.metrics` does."""
        return self._whole(self._database.metrics(*names, **options))

    def header(self, *keywords: str, **options: Any) -> Any:
        """Return header keywords, as `Database.header` does."""
        return self._whole(self._database.header(*keywords, **options))

    def comparison(self, name: str, *columns: str, **options: Any) -> Any:
        """Return what is compared with what, as `Database.comparison` does."""
        return self._whole(self._database.comparison(name, *columns, **options))

    def _exposures(self, options: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
        """Return the exposures for which the filters hold, and the other options."""
        if "chunk_rows" in options:
            raise AomuseError("chunk_rows is for frames of pandas: these come in parts anyway")
        others: dict[str, Any] = {
            name: options[name] for name in ("ids", "wavelength") if name in options
        }
        filters: Any = {name: value for name, value in options.items() if name not in others}
        with reading(self._database.engine) as connection:
            return exposure_ids(connection, filters), others

    def _lazy(
        self, method: str, names: Sequence[str], options: dict[str, Any], empty: pd.DataFrame
    ) -> Any:
        ids, others = self._exposures(options)
        read = partial(_read, self._root, method, names, others, empty)
        return self._convert(_Frame(empty, self._parts(ids), read))

    def _whole(self, frame: pd.DataFrame) -> Any:
        """Return a frame of few rows, in one part that has been read already."""
        return self._convert(_Frame(frame.iloc[:0], [[0]], lambda _: frame))

    def _parts(self, ids: Sequence[int]) -> list[list[int]]:
        manifest = read_manifest(self._root)
        assert manifest is not None
        rows_of: Counter[tuple[str, str]] = Counter()
        for file in manifest.files.values():
            path = PurePosixPath(file.path)
            rows_of[path.parent.name, path.stem] += file.rows
        parts: list[list[int]] = []
        taken: set[tuple[str, str]] = set()
        for number in ids:
            folder, name = manifest.exposures[number][-2:]
            taken.add((folder, name))
            if not parts or sum(rows_of[files] for files in taken) > PART_ROWS:
                parts.append([])
                taken = {(folder, name)}
            parts[-1].append(number)
        return parts


@dataclass(frozen=True)
class _Frame:
    """A frame to be read: its columns as an empty frame, and its parts."""

    empty: pd.DataFrame
    parts: list[list[int]]
    read: Read

    @property
    def schema(self) -> pa.Schema:
        """The columns, with units in the fields' metadata."""
        units = self.empty.attrs.get("units", {})
        first = self.read(self.parts[0]) if self.parts and self._has_objects() else self.empty
        table = _arrow(first, None)
        return pa.schema(
            field.with_metadata({"unit": units[field.name]}) if field.name in units else field
            for field in table.schema
        )

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows."""
        for part in self.parts:
            yield from _arrow(self.read(part), schema).to_batches()

    def reader(self) -> pa.RecordBatchReader:
        """Return a reader that begins at the first row."""
        schema = self.schema
        return pa.RecordBatchReader.from_batches(schema, self.batches(schema))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.reader().__arrow_c_stream__(requested_schema)

    def _has_objects(self) -> bool:
        return any(kind == np.dtype(object) for kind in self.empty.dtypes)


def _read(
    root: Path,
    method: str,
    names: Sequence[str],
    options: dict[str, Any],
    empty: pd.DataFrame,
    ids: Sequence[int],
) -> pd.DataFrame:
    """Return the rows of some exposures, in the types of the whole frame."""
    database = open_exposures(root, ids)
    try:
        frame: pd.DataFrame = getattr(database, method)(*names, exposures=list(ids), **options)
    finally:
        database.engine.dispose()
    frame = frame.astype(
        {name: kind for name, kind in empty.dtypes.items() if frame[name].dtype != kind}
    )
    frame.attrs.update(empty.attrs)
    return frame


def _arrow(frame: pd.DataFrame, schema: pa.Schema | None) -> pa.Table:
    """Return a frame for Arrow, NaN as NaN."""
    arrays = []
    for name in frame.columns:
        kind = schema.field(name).type if schema else None
        column: Any = frame[name]
        if column.dtype == np.complex128:
            raise AomuseError(
                f"{name} has complex numbers, which Arrow has not: name the other columns, or take "
                "the frame of pandas"
            )
        if column.dtype == np.float64:
            arrays.append(pa.array(column.to_numpy(), from_pandas=False))
        elif column.dtype == object:
            cells = [c.tolist() if isinstance(c, np.ndarray) else c for c in column]
            arrays.append(pa.array([None if c is pd.NA else c for c in cells], kind))
        else:
            arrays.append(pa.array(column, kind, from_pandas=True))
    return pa.Table.from_arrays(
        [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays],
        schema=schema or pa.schema(zip(frame.columns, (a.type for a in arrays), strict=True)),
    )


def _as_polars(frame: _Frame) -> Any:
    polars = import_module("polars")
    plugins = import_module("polars.io.plugins")
    schema = frame.schema

    def rows(shown: Any, predicate: Any, count: Any, _size: Any) -> Iterator[Any]:
        for batch in frame.batches(schema):
            piece = polars.from_arrow(pa.Table.from_batches([batch]))
            piece = piece if predicate is None else piece.filter(predicate)
            piece = piece if shown is None else piece.select(shown)
            piece = piece if count is None else piece.head(count)
            yield piece
            count = None if count is None else count - piece.height
            if count == 0:
                return

    return plugins.register_io_source(
        rows, schema=polars.Schema(polars.from_arrow(schema.empty_table()).schema)
    )


def _as_dask(frame: _Frame) -> Any:
    dask = import_module("dask.dataframe")
    return dask.from_map(frame.read, frame.parts or [[]], meta=frame.empty)


def _as_duckdb(frame: _Frame) -> Any:
    connection = import_module("duckdb").connect()
    return connection.from_arrow(frame)


def _require(form: str) -> None:
    """Refuse a form whose library is not installed."""
    module = "dask.dataframe" if form == "dask" else form
    if form in ("polars", "dask"):
        try:
            import_module(module)
        except ImportError as error:
            name = "'dask[dataframe]'" if form == "dask" else form
            raise ConfigurationError(
                f"frames as {form} require {form}, which is not installed: pip install {name}"
            ) from error


_CONVERT: dict[str, Callable[[_Frame], Any]] = {
    "polars": _as_polars,
    "dask": _as_dask,
    "arrow": _Frame.reader,
    "duckdb": _as_duckdb,
}
