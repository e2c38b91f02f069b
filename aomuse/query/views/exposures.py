"""Views of exposures: one wide friendly row, and the names of AOMUSE 2020."""

from __future__ import annotations

from collections.abc import Iterator

from aomuse.models.exposure import Exposure
from aomuse.query.views.fits import FIT_JOINS
from aomuse.query.views.view import View, ViewColumn


def night_sql(dialect: str) -> str:
    """Return the SQL for the date on which the night of exposure ``e`` began."""
    if dialect == "sqlite":
        return "date(e.date_obs_utc, '-12 hours')"
    return "CAST(e.date_obs_utc - INTERVAL 12 HOUR AS DATE)"


def _exposure_columns(dialect: str) -> Iterator[ViewColumn]:
    yield ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)")
    yield ViewColumn("target", "t.name", "Observed object")
    yield ViewColumn("night", night_sql(dialect), "Date on which the night began")
    for column in Exposure.__table__.columns:
        if column.name not in {"id", "target_id"}:
            yield ViewColumn(column.name, f"e.{column.name}", column.comment or "")
    yield ViewColumn(
        "seeing_arcsec",
        "(e.seeing_start_arcsec + e.seeing_end_arcsec) / 2",
        "Mean of the seeing at start and end, arcsec",
    )
    yield ViewColumn(
        "airmass", "(e.airmass_start + e.airmass_end) / 2", "Mean of the air mass at start and end"
    )
    yield ViewColumn(
        "psf_fit_count",
        "(SELECT COUNT(*) FROM psf_fit f WHERE f.exposure_id = e.id)",
        "PampelMuse analyses of the exposure",
    )
    yield ViewColumn(
        "source_count",
        "(SELECT COUNT(DISTINCT s.pampelmuse_id) FROM psf_fit f"
        " JOIN source s ON s.psf_fit_id = f.id WHERE f.exposure_id = e.id)",
        "Sources of the exposure, each once however many analyses have it",
    )
    yield ViewColumn(
        "open_issue_count",
        "(SELECT COUNT(*) FROM load_issue i WHERE i.exposure_id = e.id"
        " AND i.closed_run_id IS NULL)",
        "What the loader found wrong, missing or odd, and nobody has mended yet",
    )


def exposure_views(dialect: str) -> list[View]:
    """Return the views with one row an exposure or an analysis."""
    return [
        View(
            "v_exposure",
            "One exposure, wide",
            tuple(_exposure_columns(dialect)),
            "exposure e\nLEFT JOIN target t ON t.id = e.target_id",
        ),
        View(
            "v_seed_exposure",
            "One analysis, named as in AOMUSE 2020",
            (
                ViewColumn("psf_fit_id", "f.id", "Number of the analysis (psf_fit.id)"),
                ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
                ViewColumn("targetName", "t.name", "Observed object"),
                ViewColumn("insMode", "e.instrument_mode", "ESO INS MODE"),
                ViewColumn("analysisFile", "f.prm_file", "Name of the parameter file"),
                ViewColumn("rawFile", "e.raw_file", "PROV1 of the reduced header, with .fz"),
            ),
            f"psf_fit f\n{FIT_JOINS}",
        ),
    ]
