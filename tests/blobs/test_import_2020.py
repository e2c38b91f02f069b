"""Databases of 2020: in, and out again as they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from old_databases import ENCODINGS, OldDatabase, exact
from warehouse import aomuse, contents, exposure_id, open_issues, query, scalar

Export = Callable[[], list[dict[str, Any]]]


def add(old: OldDatabase, document: dict[str, Any], encode: Any = json.dumps, **other: Any) -> int:
    columns = {
        "insmode": document["insMode"],
        "analysisfile": document["analysisFile"],
        "rawfile": document["rawFile"],
        "data": encode(document["data"]),
        "psfparams": encode(document["psfParams"]),
        "sources": encode(document["sources"]),
    }
    return old.add(document["targetName"], **columns | other)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_goes_in_comes_out(
    encoding: str,
    either_2020: OldDatabase,
    documents: list[dict[str, Any]],
    db_url: str,
    exported: Export,
) -> None:
    for document in documents:
        add(either_2020, document, ENCODINGS[encoding])
    before = either_2020.rows()
    done = aomuse(db_url, "import-blobs", either_2020.url)
    assert (done.code, done.err) == (0, "")
    assert f"{len(documents)} loaded" in done.out
    assert exact(exported()) == exact(documents)
    assert either_2020.rows() == before


def test_typed_tables_hold_what_files_would_have_given(
    old_2020: OldDatabase,
    documents: list[dict[str, Any]],
    tree: Path,
    engine: sa.Engine,
    db_url: str,
    sqlite_template: Path,
    tmp_path: Path,
) -> None:
    from aomuse.db import create_engine

    database = tmp_path / "loaded.db"
    database.write_bytes(sqlite_template.read_bytes())
    assert aomuse(f"sqlite:///{database}", "load", tree).code == 0
    for document in documents:
        add(old_2020, document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    loaded = create_engine(f"sqlite:///{database}")
    for statement in (
        "SELECT e.archive_id, e.raw_file, e.instrument_mode, t.name, e.mjd_obs, e.airmass_start,"
        " e.tau0_s, e.ob_id FROM exposure e JOIN target t ON t.id = e.target_id ORDER BY 1",
        "SELECT e.archive_id, s.row_index, s.lgs, s.strehl, s.r0_m, s.time_sec FROM sparta_atm s"
        " JOIN exposure e ON e.id = s.exposure_id ORDER BY 1, 2, 3",
        "SELECT e.archive_id, s.row_index, s.layer, s.cn2, s.altitude FROM sparta_cn2_layer s"
        " JOIN exposure e ON e.id = s.exposure_id ORDER BY 1, 2, 3",
        "SELECT e.archive_id, a.row_index, a.time_stamp, a.dimm_seeing_arcsec FROM asm a"
        " JOIN exposure e ON e.id = a.exposure_id ORDER BY 1, 2",
        "SELECT f.prm_file, f.model, f.layer_count, p.parameter, p.layer, p.value"
        " FROM psf_parameter p JOIN psf_fit f ON f.id = p.psf_fit_id ORDER BY 1, 4, 5",
        "SELECT f.prm_file, l.layer, l.wavelength_nm FROM psf_layer l"
        " JOIN psf_fit f ON f.id = l.psf_fit_id ORDER BY 1, 2",
        "SELECT f.prm_file, s.pampelmuse_id, s.layer, s.snr, s.flux, s.fwhm, s.beta, s.xc, s.yc"
        " FROM source_sample s JOIN psf_fit f ON f.id = s.psf_fit_id ORDER BY 1, 2, 3",
        "SELECT e.archive_id, x.metric_id, x.value, x.reason FROM exposure_metric x"
        " JOIN exposure e ON e.id = x.exposure_id ORDER BY 1, 2",
    ):
        ours, theirs = query(engine, statement), query(loaded, statement)
        assert theirs
        assert ours == theirs, statement
    loaded.dispose()
    # Nothing of these is odd enough to be kept as text.
    kept = query(engine, "SELECT DISTINCT document, kind FROM imported_document")
    assert kept == [("row", "whole")]


def test_a_second_import_changes_nothing(
    old_2020: OldDatabase, documents: list[dict[str, Any]], db_url: str, engine: sa.Engine
) -> None:
    for document in documents:
        add(old_2020, document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    before = contents(engine)
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert (done.code, done.err) == (0, "")
    assert f"0 loaded, 0 completed, 0 replaced, {len(documents)} unchanged" in done.out
    assert contents(engine) == before


def test_a_changed_row_is_imported_again_under_its_ids(
    old_2020: OldDatabase,
    documents: list[dict[str, Any]],
    db_url: str,
    engine: sa.Engine,
    exported: Export,
) -> None:
    numbers = [add(old_2020, document) for document in documents]
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    before = query(engine, "SELECT id, exposure_id, prm_file FROM psf_fit ORDER BY id")
    changed = json.loads(json.dumps(documents[1]))
    next(iter(changed["sources"].values()))["snr"][0] = 7.5
    old_2020.change(numbers[1], sources=json.dumps(changed["sources"]), insmode="NFM-AO-N")
    changed["insMode"] = "NFM-AO-N"
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert (done.code, done.err) == (0, "")
    assert "1 replaced, 2 unchanged" in done.out
    assert exact(exported()) == exact([documents[0], changed, documents[2]])
    assert query(engine, "SELECT id, exposure_id, prm_file FROM psf_fit ORDER BY id") == before


def test_provenance_names_table_and_row_and_no_password(
    either_2020: OldDatabase, documents: list[dict[str, Any]], db_url: str, engine: sa.Engine
) -> None:
    number = add(either_2020, documents[0])
    done = aomuse(db_url, "import-blobs", either_2020.url)
    assert done.code == 0
    password = sa.make_url(either_2020.url).password
    for text in (done.text, repr(contents(engine, but=()))):
        assert password is None or password not in text
    files = query(
        engine, "SELECT role, path, outcome, mtime_ns FROM source_file ORDER BY role, path"
    )
    assert {role for role, *_ in files} == {"reduced", "raw", "prm", "psf", "row"}
    for _, path, outcome, mtime in files:
        assert path.startswith("import:")
        assert f"#exposure/{number}" in path
        assert (outcome, mtime) == ("imported", None)
    assert scalar(engine, "SELECT command FROM load_run") == "import-blobs"
    assert scalar(engine, "SELECT COUNT(*) FROM header WHERE card_images IS NOT NULL") == 0


def test_files_replace_an_import_and_keep_its_ids(
    old_2020: OldDatabase,
    documents: list[dict[str, Any]],
    tree: Path,
    db_url: str,
    engine: sa.Engine,
    exported: Export,
) -> None:
    for document in documents:
        add(old_2020, document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    ids = "SELECT id, archive_id FROM exposure ORDER BY id"
    fits = "SELECT id, exposure_id, name, model, prm_file FROM psf_fit ORDER BY id"
    before = query(engine, ids), query(engine, fits)
    verified = aomuse(db_url, "verify")
    assert verified.code == 0
    assert f"{len(documents)} exposures imported" in verified.out

    done = aomuse(db_url, "load", tree)
    assert (done.code, done.err) == (0, "")
    assert f"{len(documents)} replaced" in done.out
    assert (query(engine, ids), query(engine, fits)) == before
    assert scalar(engine, "SELECT COUNT(*) FROM source_file WHERE path LIKE 'import:%'") == 0
    assert scalar(engine, "SELECT COUNT(*) FROM imported_document") == 0
    assert aomuse(db_url, "verify").code == 0
    assert exact(exported()) == exact(documents)
    again = aomuse(db_url, "load", tree)
    assert f"{len(documents)} unchanged" in again.out

    # Blobs do not take the place of files.
    loaded = contents(engine, but=("load_run", "load_issue"))
    late = aomuse(db_url, "import-blobs", old_2020.url)
    assert (late.code, late.err) == (0, "")
    assert contents(engine, but=("load_run", "load_issue")) == loaded
    assert [code for code, _ in open_issues(engine, "note")].count("exposure_from_files") == 3


def test_files_that_are_less_than_the_import_are_refused(
    old_2020: OldDatabase,
    documents: list[dict[str, Any]],
    tree: Path,
    db_url: str,
    engine: sa.Engine,
    tmp_path: Path,
) -> None:
    add(old_2020, documents[0])
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    cube = next((tree / "single").rglob(documents[0]["analysisFile"].replace(".prm.fits", ".fits")))
    part = tmp_path / "part" / "single"
    part.mkdir(parents=True)
    (part / cube.name).write_bytes(cube.read_bytes())
    before = contents(engine, but=("load_run", "load_issue", "known_file"))
    done = aomuse(db_url, "load", part.parent)
    assert done.code == 1
    assert "import_incomplete" in [code for code, _ in open_issues(engine)]
    assert contents(engine, but=("load_run", "load_issue", "known_file")) == before
    assert aomuse(db_url, "load", "--reload", part.parent).code == 0
    assert scalar(engine, "SELECT COUNT(*) FROM psf_fit") == 0


def test_blobs_of_an_exposure_whose_files_are_less(
    old_2020: OldDatabase,
    documents: list[dict[str, Any]],
    tree: Path,
    db_url: str,
    engine: sa.Engine,
    tmp_path: Path,
) -> None:
    add(old_2020, documents[0])
    cube = next((tree / "single").rglob(documents[0]["analysisFile"].replace(".prm.fits", ".fits")))
    part = tmp_path / "part" / "single"
    part.mkdir(parents=True)
    (part / cube.name).write_bytes(cube.read_bytes())
    assert aomuse(db_url, "load", part.parent).code == 0
    before = contents(engine, but=("load_run", "load_issue"))
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert done.code == 1
    assert documents[0]["analysisFile"] in done.err
    assert contents(engine, but=("load_run", "load_issue")) == before
    assert [code for code, _ in open_issues(engine)] == ["exposure_from_files"]


def test_objects_give_the_documents(
    old_2020: OldDatabase, documents: list[dict[str, Any]], db_url: str, engine: sa.Engine
) -> None:
    import aomuse as package
    from aomuse.models import Exposure

    for document in documents:
        add(old_2020, document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    with package.connect(db_url).session() as session:
        for document in documents:
            raw = document["rawFile"]
            found = session.scalars(sa.select(Exposure).filter_by(raw_file=raw)).one()
            (fit,) = found.psf_fits
            assert exact(found.data()) == exact(document["data"])
            assert exact(fit.psf_params()) == exact(document["psfParams"])
            assert exact(fit.sources()) == exact(document["sources"])
    assert exposure_id(engine, documents[0]["rawFile"].removesuffix(".fits.fz")) is not None
