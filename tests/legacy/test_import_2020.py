"""Databases of 2020: in, and out again as they were."""

import json

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from fits_factory import write
from old_databases import (
    assert_as_from_files,
    assert_sessions_show,
    database_2020,
    encoded_twice,
    exact,
)
from warehouse import query

FITS = "SELECT id, exposure_id, name, model, prm_file FROM psf_fit ORDER BY id"


@pytest.fixture
def old(old_2020, documents):
    """Give a database with the documents of the night."""
    for document in documents:
        old_2020.add_document(document)
    return old_2020


def test_what_goes_in_comes_out(other_url, documents, db):
    old = database_2020(other_url)
    for document, encode in zip(documents, (json.dumps, encoded_twice, json.dumps), strict=True):
        old.add_document(document, encode)
    before = old.rows()
    db.imports(old, "3 loaded")
    assert exact(db.export()) == exact(documents)
    assert old.rows() == before
    assert_sessions_show(db.url, documents)
    with db.unchanged():
        db.imports(old, "0 loaded, 0 completed, 0 replaced, 3 unchanged")


def test_typed_tables_hold_what_files_would_have_given(old, night, db):
    db.imports(old)
    loaded = sa.create_engine(night.url)
    assert_as_from_files(db.engine, loaded)
    targets = "SELECT archive_id, name FROM exposure e JOIN target t ON t.id = target_id ORDER BY 1"
    assert db.query(targets) == query(loaded, targets)
    loaded.dispose()
    # Nothing of these is odd enough to be kept as text.
    kept = db.query("SELECT DISTINCT document, kind FROM imported_document")
    assert kept == [("row", "whole")]


@on_sqlite
def test_a_changed_row_is_imported_again_under_its_ids(old, documents, db):
    db.imports(old)
    before = db.query(FITS)
    changed = documents[1]
    next(iter(changed["sources"].values()))["snr"][0] = 7.5
    changed["insMode"] = "NFM-AO-N"
    old.change(2, sources=json.dumps(changed["sources"]), insmode="NFM-AO-N")
    db.imports(old, "1 replaced, 2 unchanged")
    assert exact(db.export()) == exact(documents)
    assert db.query(FITS) == before


@on_sqlite
def test_provenance_names_table_and_row_and_no_password(other_url, documents, db):
    old = database_2020(other_url)
    number = old.add_document(documents[0])
    done = db.imports(old)
    password = sa.make_url(old.url).password
    assert password
    assert password not in done.text + repr(db.contents(but=()))
    files = db.query("SELECT role, outcome, mtime_ns, path FROM source_file")
    assert {file[:3] for file in files} == {
        (role, "imported", None) for role in ("reduced", "raw", "prm", "psf", "row")
    }
    for *_, path in files:
        assert path.startswith("import:")
        assert f"#exposure/{number}" in path
    assert db.scalar("SELECT command FROM load_run") == "import-blobs"
    assert db.scalar("SELECT COUNT(*) FROM header WHERE card_images IS NOT NULL") == 0


def test_files_replace_an_import_and_keep_its_ids(old, night, db):
    db.imports(old)
    ids = "SELECT id, archive_id FROM exposure ORDER BY id"
    before = db.query(ids), db.query(FITS)
    assert "3 exposures imported" in db.succeed("verify").out

    assert "3 replaced" in db.load(night.root).out
    assert (db.query(ids), db.query(FITS)) == before
    assert db.scalar("SELECT COUNT(*) FROM source_file WHERE path LIKE 'import:%'") == 0
    assert db.count("imported_document") == 0
    db.succeed("verify")
    assert exact(db.export()) == exact(night.documents)
    assert "3 unchanged" in db.load(night.root).out

    with db.unchanged("load_issue"):  # documents do not take the place of files
        db.imports(old)
    assert db.codes("note").count("exposure_from_files") == 3


@on_sqlite
def test_files_that_are_less_than_the_documents(old_2020, night, db, tmp_path):
    """A cube alone does not replace an import, and an import does not replace the cube."""
    document, cube = night.documents[0], night.files[0].reduced
    old_2020.add_document(document)
    part = write(tmp_path / "part" / "single" / cube.name, cube.read_bytes()).parent.parent
    db.imports(old_2020)
    with db.unchanged("load_issue", "known_file"):
        assert db.run("load", part).code == 1
        assert "import_incomplete" in db.codes()
    assert db.run("load", "--reload", part).code == 0
    assert db.count("psf_fit") == 0

    with db.unchanged("load_issue"):
        assert document["analysisFile"] in db.fail("import-blobs", old_2020.url)
    assert db.codes() == ["exposure_from_files"]
