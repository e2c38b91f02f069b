"""An NFM exposure that was fitted with two PSF models, as simulate writes it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite
from fits_factory import edit, leave_one_channel
from sqlalchemy.orm import Session

from aomuse import connect
from aomuse.models import Exposure
from aomuse.muse.psf_models import model_of
from aomuse.simulate import simulate

#: 500 nm, of which there are metrics, is layer 200.
SOURCES, LAYERS = 5, 210


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Give three exposures; the folder of the MAOPPY analysis comes first by name."""
    root = tmp_path_factory.mktemp("fitted_twice") / "night"
    simulate(root, exposures=3, sources=SOURCES, layers=LAYERS)
    leave_one_channel(root)
    (root / "analysis" / "maoppy").rename(root / "analysis" / "A_maoppy")
    return root


@pytest.fixture
def loaded(night, load_once):
    load_once(night)


#: The samples of the fit with MAOPPY.
MAOPPY_SAMPLES = (
    "FROM source_sample s JOIN psf_fit f ON f.id = s.psf_fit_id WHERE f.model = 'maoppy'"
)


@pytest.mark.usefixtures("loaded")
def test_what_belongs_to_which_model(db):
    with Session(db.engine) as session:
        exposure = session.scalars(
            sa.select(Exposure).where(Exposure.instrument_mode == "NFM-AO-N")
        ).one()
        assert [(fit.model, len(fit.sources)) for fit in exposure.psf_fits] == [
            ("moffat", SOURCES),
            ("maoppy", 2),
        ]
        moffat, maoppy = (fit.id for fit in exposure.psf_fits)
    assert moffat > maoppy
    assert db.scalar("SELECT DISTINCT num_sources FROM v_exposure_metrics") == SOURCES
    assert db.scalar("SELECT DISTINCT source_count FROM v_exposure") == SOURCES

    # MAOPPY's beta is its own parameter, and no Moffat beta anywhere.
    metrics = "SELECT fwhm_500nm, beta_500nm FROM v_psf_fit_metrics WHERE psf_fit_id = :fit"
    assert db.query(metrics, fit=maoppy) == [(None, None)]
    assert None not in db.query(metrics, fit=moffat)[0]
    reasons = (
        "SELECT x.reason FROM psf_fit_metric x JOIN metric m ON m.id = x.metric_id"
        " WHERE m.name = :name AND x.psf_fit_id = :fit"
    )
    beta = "it holds for the PSF model moffat, unknown only, not for maoppy"
    assert db.scalar(reasons, name="beta_500nm", fit=maoppy) == beta
    windows = "SELECT COUNT(*), COUNT(beta), COUNT(theta) FROM v_psf_window WHERE psf_fit_id = :fit"
    ((every, none, theta),) = db.query(windows, fit=maoppy)
    assert (none, theta) == (0, every)
    ((every, all_of_them, _),) = db.query(windows, fit=moffat)
    assert all_of_them == every > 0
    stored = "SELECT COUNT(*) FROM psf_parameter WHERE parameter = 'beta' AND psf_fit_id = :fit"
    assert db.scalar(stored, fit=maoppy) == LAYERS


@pytest.mark.usefixtures("loaded")
def test_frames_tell_the_model(db):
    db = connect(db.url)
    psf = db.psf("beta", "r0", mode="NFM")
    rows = psf.groupby("model")[["beta", "r0"]].count()
    assert rows.loc["moffat"].tolist() == [LAYERS, 0]
    assert rows.loc["maoppy"].tolist() == [LAYERS, LAYERS]
    sources = db.sources(mode="NFM")
    assert sources["model"].dtype == "string"
    counts = sources.groupby("model")["pampelmuse_id"].nunique()
    assert counts.to_dict() == {"moffat": SOURCES, "maoppy": 2}
    metrics = db.metrics("fwhm_500nm", grain="psf_fit", mode="NFM")
    assert metrics.dropna()["model"].tolist() == ["moffat"]


@pytest.mark.usefixtures("loaded")
def test_columns_of_its_own_are_kept_and_told_once(db, night):
    issues = db.query("SELECT severity, message FROM load_issue WHERE code = 'column_missing'")
    ((severity, message),) = issues
    assert severity == "note"
    assert "a MAOPPY fit has no fwhm and beta of a Moffat profile" in message
    counts = f"SELECT COUNT(*), COUNT(s.snr), COUNT(s.fwhm), COUNT(s.beta) {MAOPPY_SAMPLES}"
    assert db.query(counts) == [(2 * LAYERS, 2 * LAYERS, 0, 0)]
    # What a fit does not have has no statistics.
    summaries = MAOPPY_SAMPLES.replace("source_sample", "source_summary")
    quantities = db.query(f"SELECT DISTINCT s.quantity {summaries} ORDER BY s.quantity")
    assert quantities == [("flux",), ("snr",), ("xc",), ("yc",)]
    values = (
        "SELECT COUNT(*) FROM table_value v JOIN table_column c ON c.id = v.table_column_id"
        " WHERE c.name IN ('r0', 'amp', 'R0', 'AMP')"
    )
    assert db.scalar(values) > 0
    db.succeed("verify", night / "analysis")


@on_sqlite
def test_its_own_beta_is_no_moffat_beta_of_a_source(db, night, tmp_path):
    without_raw = shutil.ignore_patterns("raw")
    night = Path(shutil.copytree(night, tmp_path / "night", ignore=without_raw))
    (path,) = (night / "analysis" / "A_maoppy").glob("*.psf.fits")

    def with_beta(hdus):
        beta = fits.Column("beta", "D", array=np.full(LAYERS, 1.6))
        tables = [
            fits.BinTableHDU.from_columns([*hdu.columns, beta], name=hdu.name) for hdu in hdus[1:]
        ]
        return fits.HDUList([hdus[0], *tables])

    edit(path, with_beta)
    db.load(night)
    assert db.scalar(f"SELECT COUNT(s.beta) {MAOPPY_SAMPLES}") == 0
    kept = (
        "SELECT COUNT(*), MIN(v.value_float), MAX(v.value_float) FROM table_value v"
        " JOIN table_column c ON c.id = v.table_column_id WHERE c.name = 'beta'"
    )
    assert db.query(kept) == [(2 * LAYERS, 1.6, 1.6)]
    assert db.scalar("SELECT severity FROM load_issue WHERE code = 'column_missing'") == "note"
    db.succeed("verify", night)


def test_names_tell_a_model():
    assert model_of(["theta", "fwhm", "e", "beta"]) == "moffat"
    assert model_of(["r0", "bck", "amp", "alpha", "ratio", "theta", "beta"]) == "maoppy"
    assert model_of(["r0", "beta"]) == model_of([]) == "unknown"


@on_sqlite
def test_both_analyses_below_a_root_without_their_cube(db, night):
    """The database knows which exposure they belong to."""
    db.load(night / "single")
    db.load(night / "raw")
    db.load(night / "analysis")
    models = (
        "SELECT f.model FROM psf_fit f JOIN exposure e ON e.id = f.exposure_id"
        " WHERE e.instrument_mode = 'NFM-AO-N' ORDER BY f.model"
    )
    assert db.query(models) == [("maoppy",), ("moffat",)]
    assert db.count("exposure") == 3
    assert db.open_issues() == []
