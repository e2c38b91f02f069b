"""Views of exposures: one wide row each, and the names of AOMUSE 2020."""

from __future__ import annotations

from aomuse.models.exposure import Exposure
from aomuse.query.views.fits import FIT_JOINS
from aomuse.query.views.view import View, ViewColumn, columns


def night_sql(dialect: str) -> str:
    """Return the SQL for the date on which the night of exposure ``e`` began."""
    if dialect == "sqlite":
        return "strftime('%Y-%m-%d', e.date_obs_utc, '-12 hours')"
    return "CAST(e.date_obs_utc - INTERVAL 12 HOUR AS DATE)"


def exposure_views(dialect: str) -> list[View]:
    """Return the views with one row for each exposure or analysis."""
    promoted = (
        ViewColumn(column.name, f"e.{column.name}", column.comment or "")
        for column in Exposure.__table__.columns
        if column.name not in {"id", "target_id", "content_version"}
    )
    return [
        View(
            "v_exposure",
            "One exposure, wide",
            (
                *columns(f"""
                    exposure_id | e.id | Number of the exposure (exposure.id)
                    target | t.name | Observed object
                    night | {night_sql(dialect)} | Date on which the night began
                """),
                *promoted,
                *columns("""
                    seeing_arcsec | (e.seeing_start_arcsec + e.seeing_end_arcsec) / 2
                        | Mean of the seeing at start and end, arcsec
                    airmass | (e.airmass_start + e.airmass_end) / 2
                        | Mean of the air mass at start and end
                    psf_fit_count | (SELECT COUNT(f.id) FROM psf_fit f WHERE f.exposure_id = e.id)
                        | PampelMuse analyses of the exposure
                    source_count | (SELECT COUNT(DISTINCT s.pampelmuse_id) FROM psf_fit f
                        JOIN source s ON s.psf_fit_id = f.id WHERE f.exposure_id = e.id)
                        | PSF stars of the exposure, each counted once however many analyses have it
                    open_issue_count | (SELECT COUNT(i.id) FROM load_issue i
                        WHERE i.exposure_id = e.id AND i.closed_run_id IS NULL)
                        | Open issues: what the loader found wrong, missing or odd
                """),
            ),
            "exposure e\nLEFT JOIN target t ON t.id = e.target_id",
        ),
        View(
            "v_seed_exposure",
            "One analysis, named as in AOMUSE 2020",
            columns("""
                psf_fit_id | f.id | Number of the analysis (psf_fit.id)
                exposure_id | e.id | Number of the exposure (exposure.id)
                targetName | t.name | Observed object
                insMode | e.instrument_mode | ESO INS MODE
                analysisFile | f.prm_file | Name of the parameter file
                rawFile | e.raw_file | PROV1 of the reduced header, with .fz
            """),
            f"psf_fit f\n{FIT_JOINS}",
        ),
    ]
