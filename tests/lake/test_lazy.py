"""open_lake(as_=…): the frames of pandas to the bit, read in parts when rows are needed."""

import shutil
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from warehouse import succeed

from aomuse import open_lake
from aomuse.errors import AomuseError
from aomuse.lake import lazy

FRAMES = {
    "exposures": lambda lake: lake.exposures(),
    "sources": lambda lake: lake.sources(wavelength=(None, 700)),
    "psf": lambda lake: lake.psf(),
    "extracted_sources": lambda lake: lake.extracted_sources(),
    "telemetry": lambda lake: lake.telemetry("SPARTA_ATM_DATA"),
    "metrics": lambda lake: lake.metrics("seeing", "glf"),
}


@pytest.fixture(scope="module")
def lake(two, tmp_path_factory, sqlite_template):
    folder = tmp_path_factory.mktemp("lake")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder)}"
    succeed(url, "load", two)
    succeed(url, "export", "parquet", folder / "lake", "--workers", "1")
    return folder / "lake"


@pytest.fixture(scope="module")
def wanted(lake):
    """Give the frames of pandas, by name."""
    whole = open_lake(lake)
    return {name: frame_of(whole) for name, frame_of in FRAMES.items()}


def values(column: Any) -> list[Any]:
    """Give the cells of a column of any library, doubles by their bits."""
    array = pa.array(column, from_pandas=False) if isinstance(column, pd.Series) else column
    if pa.types.is_floating(array.type):
        return np.asarray(array.to_numpy(zero_copy_only=False)).view(np.int64).tolist()
    return array.to_pylist()


@pytest.mark.parametrize("form", ["arrow", "duckdb", "polars"])
def test_frames_are_those_of_pandas(lake, wanted, form, monkeypatch):
    monkeypatch.setattr(lazy, "PART_ROWS", 1)
    parts = open_lake(lake, as_=form)
    for name, frame in wanted.items():
        rows = FRAMES[name](parts)
        if form == "arrow":
            units = {f.name: f.metadata[b"unit"].decode() for f in rows.schema if f.metadata}
            assert units == frame.attrs["units"]
            rows = rows.read_all()
        else:
            rows = rows.to_arrow_table() if form == "duckdb" else rows.collect()
        assert list(getattr(rows, "column_names", None) or rows.columns) == list(frame.columns)
        for column in frame.columns:
            cells = rows[column] if form != "polars" else rows[column].to_arrow()
            assert values(cells) == values(frame[column]), f"{name}.{column}"


def test_what_null_cannot_say_is_there(wanted):
    sources = wanted["sources"]
    assert np.isinf(sources["snr"]).sum() == 2
    assert (np.signbit(sources["snr"]) & (sources["snr"] == 0)).sum() == 2


def test_dask_has_the_frames_of_pandas(lake, wanted, monkeypatch):
    monkeypatch.setattr(lazy, "PART_ROWS", 1)
    parts = open_lake(lake, as_="dask")
    for name, whole in wanted.items():
        frame = FRAMES[name](parts)
        assert frame.npartitions == (1 if name in {"exposures", "metrics"} else 2)
        computed = frame.compute(scheduler="sync").reset_index(drop=True)
        pd.testing.assert_frame_equal(computed, whole, check_exact=True)
        assert computed.attrs["units"] == whole.attrs["units"]


def test_polars_reads_what_is_asked_for(lake):
    polars = pytest.importorskip("polars")
    sources = open_lake(lake, as_="polars").sources()
    few = sources.filter(polars.col("layer") < 2).select("layer", "flux").head(3).collect()
    assert few.shape == (3, 2)
    assert open_lake(lake, as_="polars").sources(exposures=[]).collect().height == 0


def test_what_is_wrong_is_said(lake):
    with pytest.raises(AomuseError, match=r"as_ is 'spark': give pandas, polars, dask"):
        open_lake(lake, as_="spark")
    arrow = open_lake(lake, as_="arrow")
    with pytest.raises(AomuseError, match="chunk_rows is for frames of pandas"):
        arrow.sources(chunk_rows=10)
    with pytest.raises(AomuseError, match="no target is named"):
        arrow.psf(target="M 99")
    with pytest.raises(AomuseError, match="SPARTA_ATM_DATA has no column"):
        arrow.telemetry("SPARTA_ATM_DATA", "LGS9")
