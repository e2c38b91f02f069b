"""Metrics come with the load, and again from what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from fits_factory import LAYERS, Tree, prm, raw, reduced, write
from warehouse import aomuse, query, rows, scalar

from aomuse.metrics import METRICS
from aomuse.metrics.atmosphere import image_quality


@pytest.fixture
def night(db_url: str, tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "night")
    for number in (1, 2):
        files = tree.add(number)
        cube = reduced(number)
        header = cube[0].header
        header["HIERARCH ESO TEL AMBI FWHM START"], header["HIERARCH ESO TEL AMBI FWHM END"] = (
            0.5,
            0.75,
        )
        header["HIERARCH ESO TEL AIRM START"], header["HIERARCH ESO TEL AIRM END"] = 1.0, 1.0
        header["HIERARCH ESO AOS TT LOOP ST"] = True
        header["HIERARCH ESO INS MODE"] = "WFM-AO-N"
        write(files.file("reduced"), cube)
        write(files.file("raw"), raw(number, full=True))
        # Layers from 475 nm on in steps of 25 nm: 500 nm is layer 1, 600 nm beyond the last.
        hdus = prm()
        hdus["SPECTRA"].header["CDELT3"] = 2.5e-8
        write(files.file("prm"), hdus)
    assert LAYERS == 5
    assert aomuse(db_url, "load", tree.root).code == 0
    return tree


@pytest.mark.usefixtures("night")
def test_a_load_brings_them(engine: sa.Engine) -> None:
    assert scalar(engine, "SELECT COUNT(*) FROM metric") == len(METRICS)
    shown = query(
        engine,
        "SELECT seeing, seeing_los, ttfree, degraded, degraded_legacy, num_sources,"
        " sparta_iq_los_500nm_nogain, sparta_iq_los_500nm_nogain_legacy"
        " FROM v_exposure_metrics ORDER BY date_obs_utc",
    )
    sources = scalar(engine, "SELECT COUNT(*) FROM source") / 2
    for row, number in zip(
        shown, query(engine, "SELECT id FROM exposure ORDER BY id"), strict=True
    ):
        ((r0, l0),) = query(
            engine,
            "SELECT AVG(r0_m), AVG(l0_m) FROM sparta_atm WHERE exposure_id = :n AND r0_m > 0",
            n=number[0],
        )
        assert row[:6] == (0.625, 0.625, 0.0, None, 1.0, sources)
        assert row[6] == pytest.approx(image_quality(r0, l0), rel=1e-12)
        assert row[7] is None
    fits = query(
        engine,
        "SELECT m.fwhm_500nm, m.beta_500nm, m.fwhm_600nm, p.value, b.value FROM v_psf_fit_metrics m"
        " JOIN psf_parameter p ON p.psf_fit_id = m.psf_fit_id AND p.parameter = 'fwhm'"
        " AND p.layer = 1"
        " JOIN psf_parameter b ON b.psf_fit_id = m.psf_fit_id AND b.parameter = 'beta'"
        " AND b.layer = 1",
    )
    assert len(fits) == 2
    for fwhm, beta, beyond, pixels, value in fits:
        assert (fwhm, beta, beyond) == (0.2 * pixels, value, None)
    reasons = query(
        engine,
        "SELECT DISTINCT reason FROM psf_fit_metric WHERE reason LIKE '%600%' ORDER BY reason",
    )
    assert reasons == [("no beta at 600 nm",), ("no e at 600 nm",), ("no fwhm at 600 nm",)]
    neither = "SELECT COUNT(*) FROM exposure_metric WHERE (value IS NULL) = (reason IS NULL)"
    assert scalar(engine, neither) == 0


@pytest.mark.usefixtures("night")
def test_the_command_works_them_out_from_what_is_stored(engine: sa.Engine, db_url: str) -> None:
    before = rows(engine, "exposure_metric"), rows(engine, "psf_fit_metric")
    assert aomuse(db_url, "metrics").out == "metrics of 0 exposures worked out\n"
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM exposure_metric")
        connection.exec_driver_sql("DELETE FROM psf_fit_metric")
        connection.exec_driver_sql("UPDATE metric SET formula = 'of an older version'")
    assert aomuse(db_url, "metrics").out == "metrics of 2 exposures worked out\n"
    assert (rows(engine, "exposure_metric"), rows(engine, "psf_fit_metric")) == before
    assert {row["formula"] for row in rows(engine, "metric")} == {m.formula for m in METRICS}
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE exposure SET seeing_end_arcsec = 1.0")
    assert aomuse(db_url, "metrics", "--recompute").out == "metrics of 2 exposures worked out\n"
    assert query(engine, "SELECT seeing FROM v_exposure_metrics") == [(0.75,), (0.75,)]


def test_a_reload_replaces_them(engine: sa.Engine, db_url: str, night: Tree) -> None:
    before = query(engine, "SELECT * FROM v_exposure_metrics ORDER BY exposure_id")
    assert aomuse(db_url, "load", night.root, "--reload").code == 0
    assert query(engine, "SELECT * FROM v_exposure_metrics ORDER BY exposure_id") == before
