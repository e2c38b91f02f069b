"""export parquet: every value to the bit, and news only; verify --lake finds what is wrong."""

import io
import os
import signal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import sqlglot
from astropy.io.votable import parse
from backends import on_sqlite
from loaded import Loaded
from own_processes import Gate, start, wait_until
from sqlalchemy.exc import DBAPIError
from warehouse import TABLES

from aomuse import Database, open_lake
from aomuse.change.headers import set_header
from aomuse.exchange.outcome import Listener
from aomuse.lake.export import export as export_lake
from aomuse.lake.manifest import read_manifest
from aomuse.lake.statements import view_statements
from scripts.spark.comparison import differences

pytestmark = pytest.mark.usefixtures("slow")

NOT_IN_LAKE = {"run_lock", "view_state"}


def files_of(lake: Path) -> dict[str, tuple[int, int]]:
    """Give each file with its inode and time: a file that is written anew has others."""
    found = sorted(lake.rglob("*.parquet"))
    return {p.relative_to(lake).as_posix(): (p.stat().st_ino, p.stat().st_mtime_ns) for p in found}


def change_object(db: Loaded, exposure: int) -> None:
    with db.engine.begin() as connection:
        set_header(connection, exposure, "OBJECT", "another")


def duck(lake: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})  # more cost more, on few rows
    connection.execute(view_statements(lake))
    return connection


def test_every_table_is_the_same_in_duckdb(night, lake):
    with duck(lake) as files, night.engine.connect() as connection:
        for name in sorted(TABLES.keys() - NOT_IN_LAKE):
            columns = ", ".join(column.name for column in TABLES[name].c)
            wanted = map(tuple, connection.execute(sa.select(TABLES[name])))
            found = files.execute(f"SELECT {columns} FROM {name}").fetchall()
            assert sorted(map(repr, found)) == sorted(map(repr, wanted)), name
        special = "SELECT COUNT(*) FROM special_value WHERE table_name = 'source_sample'"
        assert files.execute(special).fetchone() == (4,)


@on_sqlite
@pytest.mark.parametrize("number", [None, 0, -1])
def test_every_view_is_the_same_in_duckdb(night, tmp_path, number):
    """Where MariaDB has NULL, others stop: x / 0, the root and the power of a negative number."""
    if number is not None:
        for name, table in TABLES.items():
            doubles = [c.name for c in table.c if isinstance(c.type, sa.Double)]
            if doubles and name not in {"table_column", "wavelength_window"}:
                night.execute(f"UPDATE {name} SET " + ", ".join(f"{c} = {number}" for c in doubles))
        night.execute("UPDATE exposure SET exposure_time_s = 600")
    lake = tmp_path / "it's a lake [1]"
    night.succeed("export", "parquet", lake, "--workers", "1")
    with duck(lake) as connection, night.engine.connect() as database:
        for name in sa.inspect(night.engine).get_view_names():
            wanted = database.exec_driver_sql(f"SELECT * FROM {name}")
            columns, found = list(wanted.keys()), connection.execute(f"SELECT * FROM {name}")
            assert [column[0] for column in found.description] == columns, name
            same = differences(name, columns, found.fetchall(), wanted.fetchall())
            assert list(same) == []


@on_sqlite
def test_spark_has_the_same_tables_and_views(night, tmp_path):
    """What they answer is looked at by `make spark-check`."""
    lake = tmp_path / "a `lake` [1]"
    night.succeed("export", "parquet", lake, "--workers", "1")
    done = night.succeed("lake-views", lake, "--dialect", "spark")
    tree = sqlglot.parse(done.out, read="databricks")
    names = {view.this.name for view in tree if view}
    wanted = TABLES.keys() - NOT_IN_LAKE | set(sa.inspect(night.engine).get_view_names())
    assert names == wanted | {"alembic_version"}
    assert f"parquet.`file:{tmp_path}/a ``lake`` \\[1\\]/exposure`" in done.out
    joins = [join for view in tree if view for join in view.find_all(sqlglot.exp.Join)]
    conditions = [join.args["on"] for join in joins if join.args.get("on")]
    assert not [on for on in conditions if on.find(sqlglot.exp.Select)]


def test_frames_are_the_same(night, lake):
    frames, database = open_lake(lake), Database(night.engine)
    for name, arguments in {
        "exposures": (),
        "psf": (),
        "sources": (),
        "extracted_sources": (),
        "metrics": (),
        "telemetry": ("SPARTA_ATM_DATA",),
        "header": ("OBJECT", "EXPTIME"),
    }.items():
        found, wanted = (getattr(one, name)(*arguments) for one in (frames, database))
        pd.testing.assert_frame_equal(found, wanted, check_exact=True)
        assert found.attrs == wanted.attrs
    sources = frames.sources()
    assert np.isinf(sources["snr"]).sum() == 2
    pieces = list(frames.sources(chunk_rows=3))
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), sources)
    with pytest.raises(DBAPIError), frames.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM exposure"))


@on_sqlite
def test_files_say_what_their_columns_mean(lake):
    def described(file: Path) -> Any:
        content = pq.read_schema(file).metadata[b"IVOA.VOTable-Parquet.content"]
        return parse(io.BytesIO(content), verify="exception").get_first_table()

    for folder in sorted(lake.iterdir()):
        for file in list(folder.rglob("*.parquet"))[:1]:
            schema, table = pq.read_schema(file), described(file)
            assert schema.metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
            assert table.name == folder.name
            assert [field.name for field in table.fields] == schema.names
            assert all(field.description for field in table.fields)
    (layers, _) = sorted((lake / "psf_layer").rglob("*.parquet"))
    assert pd.read_parquet(layers).attrs["units"] == {"wavelength_nm": "nm"}
    field = described(layers).get_field_by_id_or_name("wavelength_nm")
    assert (field.datatype, str(field.unit), field.ucd) == ("double", "nm", "em.wl")


def test_just_news_change_their_files(night, tree, lake, export):
    manifest = lake / "_aomuse" / "manifest.json"
    before, written = files_of(lake), manifest.stat().st_mtime_ns
    assert "0 exposures new, 0 changed, 2 without news; 0 rows" in export()
    assert (files_of(lake), manifest.stat().st_mtime_ns) == (before, written)

    change_object(night, 1)
    assert "0 exposures new, 1 changed, 1 without news" in export()
    after = files_of(lake)
    touched = {name for name, _ in before.items() ^ after.items()}
    names = {"MUSE.2018-08-13T00_01_07.123.parquet", "part-0.parquet"}
    assert {Path(name).name for name in touched} == names
    assert not [n for n in touched if n.startswith(("target", "psf_fit/", "keyword"))]

    night.execute("DELETE FROM exposure WHERE id = 2")
    export()
    assert not list(lake.rglob("*00_02_07*"))
    for number in (2, 3):
        tree.add(number)
    night.load(tree.root)
    assert "2 exposures new" in export()


@on_sqlite
def test_a_night_is_merged_and_taken_apart(night, tree, lake, export):
    def merge() -> dict[str, tuple[int, int]]:
        export("--compact")
        return files_of(lake)

    merged = merge()
    assert {Path(name).name for name in merged} == {"part-0.parquet"}
    assert merge() == merged
    assert "0 exposures new, 0 changed, 2 without news" in export()
    assert files_of(lake) == merged
    frames = [open_lake(lake).sources(), Database(night.engine).sources()]
    pd.testing.assert_frame_equal(*frames, check_exact=True)

    # A later exposure stands beside the merged ones, and is merged with them.
    tree.add(3)
    night.load(tree.root)
    assert "1 exposure new, 0 changed, 2 without news" in export()
    assert len(list((lake / "source_sample").rglob("*.parquet"))) == 2
    assert {Path(name).name for name in merge()} == {"part-0.parquet"}
    (parts,) = [open_lake(lake, as_="arrow").sources().read_all()]
    assert parts.num_rows == len(Database(night.engine).sources())

    # One that changes or goes takes the night apart.
    change_object(night, 1)
    assert "0 exposures new, 3 changed, 0 without news" in export()
    assert len(list((lake / "source_sample").rglob("*.parquet"))) == 3
    merge()
    night.execute("DELETE FROM exposure WHERE id = 2")
    assert "0 exposures new, 2 changed" in export()

    # A value that differs in a merged file is found; a merge that was killed is mended.
    merge()
    night.execute("UPDATE psf_layer SET wavelength_nm = wavelength_nm + 1e-13 WHERE layer = 1")
    done = night.run("verify", "--lake", lake)
    assert "part-0.parquet exposure 1: column wavelength_nm differs" in done.err
    night.execute("UPDATE psf_layer SET wavelength_nm = wavelength_nm - 1e-13 WHERE layer = 1")
    manifest = read_manifest(lake)
    manifest.state = None
    manifest.write(lake)
    merged = next((lake / "sparta_atm").rglob("*.parquet"))
    merged.rename(merged.with_name("single.parquet"))
    export()


def test_an_export_is_of_one_moment(night, tmp_path, export):
    """Exposures that change meanwhile come from where the export began."""

    class Changing(Listener):
        def on_total(self, total: int) -> None:
            assert total == 2
            change_object(night, 2)

    def changes_and_version() -> list[object]:
        with duck(lake) as connection:
            changes = "SELECT COUNT(*) FROM header_card WHERE value_text = 'another'"
            version = "SELECT MAX(content_version) FROM exposure"
            return [connection.execute(one).fetchone()[0] for one in (changes, version)]

    lake = tmp_path / "lake"
    summary = export_lake(night.engine, lake, workers=2, listener=Changing())
    assert summary.counts["loaded"] == 2
    assert changes_and_version() == [0, 1]
    assert "1 changed" in export()
    assert changes_and_version()[0] == 1


@on_sqlite
def test_a_killed_export_goes_on(night, tmp_path, export):
    lake = tmp_path / "lake"
    gate = Gate(tmp_path / "gate", number=1, statement="SELECT keyword.id, keyword.name")
    process = start(night.url, "export", "parquet", lake, before=gate.code, new_session=True)
    wait_until(lambda: len(files_of(lake)) >= 5, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert night.run("verify", "--lake", lake).code == 1
    export()
    assert not list(lake.rglob(".aomuse-*"))


def test_verify_finds_what_is_wrong(night, lake, export):
    (one, other) = sorted((lake / "source_sample").rglob("*.parquet"))
    content = bytearray(one.read_bytes())
    content[100] ^= 1
    one.write_bytes(content)
    other.rename(other.with_name("stray.parquet"))
    night.execute("UPDATE psf_layer SET wavelength_nm = wavelength_nm + 1e-13 WHERE layer = 1")
    done = night.run("verify", "--lake", lake)
    assert done.code == 1
    for said in (
        *("is not the one that was written", "the file is missing", "does not belong to the lake"),
        "psf_layer/night=2018-08-12/MUSE.2018-08-13T00_01_07.123.parquet column wavelength_nm",
    ):
        assert said in done.err
    other.with_name("stray.parquet").unlink()
    export("--rewrite")


@on_sqlite
def test_names_stay_in_the_lake(night, tmp_path, export):
    night.execute("UPDATE exposure SET archive_id = '../../X' WHERE id = 1")
    night.execute("UPDATE exposure SET archive_id = NULL, date_obs_utc = NULL WHERE id = 2")
    export(lake="deep/lake")
    lake = tmp_path / "deep" / "lake"
    assert {path.parent.parent.parent for path in lake.rglob("*X.parquet")} == {lake}
    (nameless,) = (lake / "source_sample" / "night=__HIVE_DEFAULT_PARTITION__").iterdir()
    assert nameless.name == "exposure 2.parquet"


@on_sqlite
def test_folders_that_are_no_lake(night, tmp_path, lake):
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("dear")
    assert "give a new or empty folder" in night.fail("export", "parquet", full, code=2)
    for arguments in (("verify", "--lake", full), ("lake-views", full)):
        assert "is not a lake" in night.fail(*arguments, code=2)
    manifest = lake / "_aomuse" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"source_sample/night', '"../night'))
    line = night.fail("export", "parquet", lake, "--rewrite", code=2)
    assert "is not the manifest of a lake" in line
