"""Datasette with the metadata of the command: it opens every table and view, and explains them."""

import asyncio
import contextlib
import html
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from warehouse import aomuse, succeed

from aomuse.models import Base

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def file(night):
    """Give the file of a loaded database."""
    return Path(str(sa.make_url(night.url).database))


@pytest.fixture
def metadata(file, tmp_path):
    """Give the file that the command writes."""
    path = tmp_path / "metadata.json"
    succeed(f"sqlite:///{file}", "datasette-metadata", path)
    return path


@contextlib.contextmanager
def serving(file: Path, metadata: Path):
    """Start Datasette as a user does, and give a client of it."""
    place = metadata.with_name("datasette.socket")
    command = [sys.executable, "-m", "datasette", "serve", file, "--uds", place]
    process = subprocess.Popen(
        [*command, "--metadata", metadata], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        way = httpx.HTTPTransport(uds=str(place))
        with httpx.Client(base_url="http://localhost", transport=way, timeout=240) as client:
            end = time.monotonic() + 240
            while True:
                try:
                    client.get("/-/versions.json")
                    break
                except httpx.ConnectError:
                    assert process.poll() is None, process.communicate()[0]
                    assert time.monotonic() < end
                    time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=240)


def page(client: httpx.Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:500]
    return html.unescape(answer.text).replace("\xa0", " ")


@pytest.mark.usefixtures("processes")
def test_datasette_shows_titles_meanings_units_facets_and_labels(file, metadata, night):
    name = file.stem
    with serving(file, metadata) as client:
        first = page(client, f"/{name}")
        assert "MUSE adaptive-optics exposures" in page(client, "/")
        assert ">v_exposure<" in first
        exposures = page(client, f"/{name}/v_exposure")
        assert "Exposure (v_exposure)" in exposures
        assert "One exposure, wide." in exposures
        assert "Mean of the seeing at start and end, arcsec" in exposures
        assert re.search(r'<td class="col-seeing_arcsec[^>]*>1\.25 arcsec</td>', exposures)
        assert re.search(r'<td class="col-temperature_c[^>]*>11\.5 °C</td>', exposures)
        assert 'class="facet-info facet-' in exposures
        for facet in ("target", "instrument_mode"):
            assert f'id="facet-{facet}"' in exposures
        fits = page(client, f"/{name}/psf_fit")
        cell = re.search(r'<td class="col-exposure_id.*?</td>', fits, flags=re.S)
        assert cell is not None
        assert night.files[1].archive_id in fits
        assert "MUSE." in cell[0]
        # 0.0125 arcmin is 0.75 arcsec: filters convert units.
        address = f"/{name}/v_exposure.json?_shape=objects&seeing_start_arcsec__gt=0.0125arcmin"
        answer = client.get(address).json()
        assert [row["archive_id"] for row in answer["rows"]] == [night.files[2].archive_id]
        assert answer["units"]["seeing_arcsec"] == "arcsec"


def test_datasette_opens_every_table_and_view(file, metadata):
    content = json.loads(metadata.read_text())
    tables = content["databases"][file.stem]["tables"]
    engine = sa.create_engine(f"sqlite:///{file}")
    inspector = sa.inspect(engine)
    there = {*inspector.get_table_names(), *inspector.get_view_names()} - {"alembic_version"}
    assert set(tables) == there
    for name, table in tables.items():
        columns = {column["name"] for column in inspector.get_columns(name)}
        assert set(table["columns"]) == columns, name
        assert all(table["columns"].values()), name
        used = {*table.get("units", ()), *table.get("facets", ()), table.get("sort_desc")}
        assert used - {None} <= columns, name
    engine.dispose()

    from datasette.app import Datasette  # takes a second, which other processes need not wait

    async def open_all() -> None:
        datasette = Datasette([str(file)], metadata=content)
        await datasette.invoke_startup()
        for name in tables:
            answer = await datasette.client.get(f"/{file.stem}/{name}?_size=3")
            assert answer.status_code == 200, f"{name}: {answer.text[:500]}"

    asyncio.run(open_all())


def test_every_table_that_others_refer_to_has_a_label(file, metadata):
    tables = json.loads(metadata.read_text())["databases"][file.stem]["tables"]
    referred = {
        key.column.table.name
        for table in Base.metadata.tables.values()
        for constraint in table.foreign_key_constraints
        if len(constraint.elements) == 1
        for key in constraint.elements
    }
    assert {"exposure", "target", "header", "load_run"} <= referred
    assert {name for name in referred if "label_column" not in tables[name]} == set()
    assert {name for name, table in tables.items() if table.get("hidden")} == {
        "run_lock",
        "view_state",
    }


def test_what_cannot_be_written_is_one_line(file, tmp_path):
    url = f"sqlite:///{file}"
    done = aomuse(url, "datasette-metadata", tmp_path / "none" / "metadata.json")
    assert done.code == 2
    assert done.err == (
        f"aomuse: {tmp_path / 'none' / 'metadata.json'} cannot be written: "
        "No such file or directory\n"
    )
    done = aomuse(f"sqlite:///{tmp_path}/empty.db", "datasette-metadata", tmp_path / "m.json")
    assert done.code == 2
    assert "run aomuse migrate" in done.err
    assert not (tmp_path / "m.json").exists()
