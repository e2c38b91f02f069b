"""Databases of 2020: in, and out again as they were."""

import json

import sqlalchemy as sa
from backends import on_sqlite
from fits_factory import write
from old_databases import database_2020, exact
from warehouse import aomuse, contents, open_issues, query, scalar, succeed

import aomuse as package
from aomuse.models import Exposure


def test_what_goes_in_comes_out(other_url, documents, db_url, engine, export):
    old = database_2020(other_url)
    for document, encoding in zip(documents, ("once", "twice", "once"), strict=True):
        old.add_document(document, encoding)
    before = old.rows()
    done = succeed(db_url, "import-blobs", old.url)
    assert "3 loaded" in done.out
    assert exact(export()) == exact(documents)
    assert old.rows() == before
    with package.connect(db_url).session() as session:
        for document in documents:
            wanted = sa.select(Exposure).filter_by(raw_file=document["rawFile"])
            exposure = session.scalars(wanted).one()
            (fit,) = exposure.psf_fits
            assert exact(exposure.data()) == exact(document["data"])
            assert exact(fit.psf_params()) == exact(document["psfParams"])
            assert exact(fit.sources()) == exact(document["sources"])

    stored = contents(engine)
    again = succeed(db_url, "import-blobs", old.url)
    assert "0 loaded, 0 completed, 0 replaced, 3 unchanged" in again.out
    assert contents(engine) == stored


def test_typed_tables_hold_what_files_would_have_given(old_2020, night, engine, db_url):
    for document in night.documents:
        old_2020.add_document(document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    loaded = sa.create_engine(night.url)
    for statement in (
        "SELECT e.archive_id, e.raw_file, e.instrument_mode, t.name, e.mjd_obs, e.ra_deg, e.ob_id,"
        " e.seeing_start_arcsec FROM exposure e JOIN target t ON t.id = e.target_id ORDER BY 1",
        "SELECT e.archive_id, s.row_index, s.lgs, s.strehl, s.r0_m, s.time_sec FROM sparta_atm s"
        " JOIN exposure e ON e.id = s.exposure_id ORDER BY 1, 2, 3",
        "SELECT e.archive_id, s.row_index, s.layer, s.cn2, s.altitude FROM sparta_cn2_layer s"
        " JOIN exposure e ON e.id = s.exposure_id ORDER BY 1, 2, 3",
        "SELECT e.archive_id, a.row_index, a.time_stamp, a.tau0 FROM asm a"
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
        expected = query(loaded, statement)
        assert expected
        assert query(engine, statement) == expected, statement
    loaded.dispose()
    # Nothing of these is odd enough to be kept as text.
    kept = query(engine, "SELECT DISTINCT document, kind FROM imported_document")
    assert kept == [("row", "whole")]


@on_sqlite
def test_a_changed_row_is_imported_again_under_its_ids(old_2020, documents, db_url, engine, export):
    numbers = [old_2020.add_document(document) for document in documents[:2]]
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    fits = "SELECT id, exposure_id, prm_file FROM psf_fit ORDER BY id"
    before = query(engine, fits)
    changed = documents[1]
    next(iter(changed["sources"].values()))["snr"][0] = 7.5
    changed["insMode"] = "NFM-AO-N"
    old_2020.change(numbers[1], sources=json.dumps(changed["sources"]), insmode="NFM-AO-N")
    done = succeed(db_url, "import-blobs", old_2020.url)
    assert "1 replaced, 1 unchanged" in done.out
    assert exact(export()) == exact(documents[:2])
    assert query(engine, fits) == before


@on_sqlite
def test_provenance_names_table_and_row_and_no_password(other_url, documents, db_url, engine):
    old = database_2020(other_url)
    number = old.add_document(documents[0])
    done = aomuse(db_url, "import-blobs", old.url)
    assert done.code == 0
    password = sa.make_url(old.url).password
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


def test_files_replace_an_import_and_keep_its_ids(old_2020, night, db_url, engine, export):
    for document in night.documents:
        old_2020.add_document(document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    ids = "SELECT id, archive_id FROM exposure ORDER BY id"
    fits = "SELECT id, exposure_id, name, model, prm_file FROM psf_fit ORDER BY id"
    before = query(engine, ids), query(engine, fits)
    verified = aomuse(db_url, "verify")
    assert verified.code == 0
    assert "3 exposures imported" in verified.out

    done = succeed(db_url, "load", night.root)
    assert "3 replaced" in done.out
    assert (query(engine, ids), query(engine, fits)) == before
    assert scalar(engine, "SELECT COUNT(*) FROM source_file WHERE path LIKE 'import:%'") == 0
    assert scalar(engine, "SELECT COUNT(*) FROM imported_document") == 0
    assert aomuse(db_url, "verify").code == 0
    assert exact(export()) == exact(night.documents)
    assert "3 unchanged" in aomuse(db_url, "load", night.root).out

    # Documents do not take the place of files.
    loaded = contents(engine, but=("load_run", "load_issue"))
    succeed(db_url, "import-blobs", old_2020.url)
    assert contents(engine, but=("load_run", "load_issue")) == loaded
    assert [code for code, _ in open_issues(engine, "note")].count("exposure_from_files") == 3


@on_sqlite
def test_files_that_are_less_than_the_documents(old_2020, night, db_url, engine, tmp_path):
    """A cube alone does not replace an import, and an import does not replace the cube."""
    document, cube = night.documents[0], night.files[0].reduced
    old_2020.add_document(document)
    part = write(tmp_path / "part" / "single" / cube.name, cube.read_bytes()).parent.parent
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 0
    before = contents(engine, but=("load_run", "load_issue", "known_file"))
    assert aomuse(db_url, "load", part).code == 1
    assert "import_incomplete" in [code for code, _ in open_issues(engine)]
    assert contents(engine, but=("load_run", "load_issue", "known_file")) == before
    assert aomuse(db_url, "load", "--reload", part).code == 0
    assert scalar(engine, "SELECT COUNT(*) FROM psf_fit") == 0

    before = contents(engine, but=("load_run", "load_issue"))
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert done.code == 1
    assert document["analysisFile"] in done.err
    assert contents(engine, but=("load_run", "load_issue")) == before
    assert [code for code, _ in open_issues(engine)] == ["exposure_from_files"]
