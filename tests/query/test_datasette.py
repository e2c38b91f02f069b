"""Datasette with the metadata of the command: it opens every table and view, and explains them."""

import asyncio
import html
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from click.testing import CliRunner
from warehouse import aomuse, succeed

from aomuse.models import Base

pytestmark = [on_sqlite, pytest.mark.usefixtures("slow")]


@pytest.fixture
def metadata(file, tmp_path):
    """Give the file that the command writes."""
    path = tmp_path / "metadata.json"
    succeed(f"sqlite:///{file}", "datasette-metadata", path)
    return path


@pytest.fixture
def tables(file, metadata):
    """Give what the file says of each table and view."""
    return json.loads(metadata.read_text())["databases"][file.stem]["tables"]


def serve(file: Path, metadata: Path, address: str) -> str:
    """Start Datasette as a user does, and give a page of it."""
    from datasette.cli import cli  # takes a second, which other processes need not wait

    options = ("--metadata", str(metadata), "--get", address)
    done = CliRunner().invoke(cli, ["serve", str(file), *options])
    assert done.exit_code == 0, done.output[:500]
    return done.output


def test_datasette_shows_titles_meanings_units_facets_and_labels(file, metadata, night):
    def page(address: str) -> str:
        return html.unescape(serve(file, metadata, address)).replace("\xa0", " ")

    name = file.stem
    assert "MUSE adaptive-optics exposures" in page("/")
    assert ">v_exposure<" in page(f"/{name}")
    exposures = page(f"/{name}/v_exposure")
    assert "Exposure (v_exposure)" in exposures
    assert "One exposure, wide." in exposures
    assert "Mean of the seeing at start and end, arcsec" in exposures
    assert re.search(r'<td class="col-seeing_arcsec[^>]*>1\.25 arcsec</td>', exposures)
    assert re.search(r'<td class="col-temperature_c[^>]*>11\.5 °C</td>', exposures)
    assert 'class="facet-info facet-' in exposures
    for facet in ("target", "instrument_mode"):
        assert f'id="facet-{facet}"' in exposures
    fits = page(f"/{name}/psf_fit")
    cell = re.search(r'<td class="col-exposure_id.*?</td>', fits, flags=re.S)
    assert cell is not None
    assert night.files[1].archive_id in fits
    assert "MUSE." in cell[0]
    # 0.0125 arcmin is 0.75 arcsec: filters convert units.
    address = f"/{name}/v_exposure.json?_shape=objects&seeing_start_arcsec__gt=0.0125arcmin"
    answer = json.loads(serve(file, metadata, address))
    assert [row["archive_id"] for row in answer["rows"]] == [night.files[2].archive_id]
    assert answer["units"]["seeing_arcsec"] == "arcsec"


def test_datasette_opens_every_table_and_view(file, metadata, tables, engine):
    inspector = sa.inspect(engine)
    there = {*inspector.get_table_names(), *inspector.get_view_names()} - {"alembic_version"}
    assert set(tables) == there
    for name, table in tables.items():
        columns = {column["name"] for column in inspector.get_columns(name)}
        assert set(table["columns"]) == columns, name
        assert all(table["columns"].values()), name
        used = {*table.get("units", ()), *table.get("facets", ()), table.get("sort_desc")}
        assert used - {None} <= columns, name

    from datasette.app import Datasette

    async def open_all() -> None:
        datasette = Datasette([str(file)], metadata=json.loads(metadata.read_text()))
        await datasette.invoke_startup()
        for name in tables:
            answer = await datasette.client.get(f"/{file.stem}/{name}?_size=3")
            assert answer.status_code == 200, f"{name}: {answer.text[:500]}"

    asyncio.run(open_all())


def test_every_table_that_others_refer_to_has_a_label(tables):
    referred = {
        constraint.referred_table.name
        for table in Base.metadata.tables.values()
        for constraint in table.foreign_key_constraints
        if len(constraint.elements) == 1
    }
    assert {"exposure", "target", "header", "load_run"} <= referred
    assert {name for name in referred if "label_column" not in tables[name]} == set()
    hidden = {name for name, table in tables.items() if table.get("hidden")}
    assert hidden == {"run_lock", "view_state"}


def test_what_cannot_be_written_is_one_line(file, tmp_path):
    path = tmp_path / "none" / "metadata.json"
    done = aomuse(f"sqlite:///{file}", "datasette-metadata", path)
    said = f"aomuse: {path} cannot be written: No such file or directory\n"
    assert (done.code, done.err) == (2, said)
    done = aomuse(f"sqlite:///{tmp_path}/empty.db", "datasette-metadata", tmp_path / "m.json")
    assert done.code == 2
    assert "run aomuse migrate" in done.err
    assert not (tmp_path / "m.json").exists()
