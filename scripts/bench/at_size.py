"""Questions at size: what dashboards and reports ask of the views, with many exposures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aomuse import pipeline
from aomuse.models import Exposure, PsfPrediction, PsfPredictionLayer
from aomuse.predict.psfr import WAVELENGTHS_NM
from aomuse.simulate import simulate
from scripts.bench.commands import time_commands
from scripts.bench.many import LEFT_OUT, TELEMETRY, multiply
from scripts.bench.warehouse import Warehouse
from scripts.superset.check.expected import EXPECTED

#: Exposures that are loaded before they are repeated: a night and a bit, in all modes.
_LOADED, _SOURCES = 20, 100

#: Of more exposures than this, metrics and summaries are made alone, and of few sources.
_HUGE, _FEW_SOURCES = 2_000, 5

#: What a person takes for an answer at once.
LIMIT_S = 0.2
#: View, what is asked of it, and the SQL, which both engines take. The charts of the dashboard
#: for Superset, which is for MariaDB alone, are asked beside these.
QUESTIONS = (
    (
        "v_exposure",
        "exposures by target and mode, with their conditions",
        "SELECT target, instrument_mode, COUNT(*), SUM(exposure_time_s), AVG(seeing_arcsec),"
        " SUM(source_count), SUM(open_issue_count) FROM v_exposure"
        " GROUP BY target, instrument_mode",
    ),
    (
        "v_exposure",
        "the latest hundred, all columns",
        "SELECT * FROM v_exposure ORDER BY date_obs_utc DESC LIMIT 100",
    ),
    (
        "v_exposure_metrics",
        "mean metrics by mode",
        "SELECT instrument_mode, COUNT(*), AVG(seeing), AVG(airmass), AVG(tau0), AVG(glf),"
        " AVG(sparta_iq_los_500nm) FROM v_exposure_metrics GROUP BY instrument_mode",
    ),
    (
        "v_exposure_metrics",
        "seeing in time, a target",
        "SELECT date_obs_utc, seeing, seeing_los FROM v_exposure_metrics"
        " WHERE target = 'NGC 6397' ORDER BY date_obs_utc",
    ),
    (
        "v_psf_fit_metrics",
        "FWHM by target and mode",
        "SELECT target, instrument_mode, COUNT(*), AVG(fwhm_500nm), AVG(fwhm_700nm),"
        " AVG(fwhm_900nm) FROM v_psf_fit_metrics GROUP BY target, instrument_mode",
    ),
    (
        "v_psf_fit_metrics, v_exposure_metrics",
        "seeing against FWHM, a point an analysis",
        "SELECT f.psf_fit_id, f.instrument_mode, m.seeing, f.fwhm_700nm FROM v_psf_fit_metrics f"
        " JOIN v_exposure_metrics m ON m.exposure_id = f.exposure_id",
    ),
    (
        "v_laser_metrics",
        "Strehl and r0 by laser",
        "SELECT lgs, COUNT(*), AVG(strehl_mean), MIN(strehl_min), AVG(r0_mean)"
        " FROM v_laser_metrics GROUP BY lgs",
    ),
    (
        "v_laser_metrics",
        "Strehl by laser in time, a mode",
        "SELECT date_obs_utc, lgs, strehl_mean FROM v_laser_metrics"
        " WHERE instrument_mode = 'NFM-AO-N' ORDER BY date_obs_utc, lgs",
    ),
    (
        "v_psf_window",
        "FWHM by window of wavelength and mode",
        "SELECT instrument_mode, window_index, AVG(wavelength_nm), AVG(fwhm_arcsec), AVG(beta)"
        " FROM v_psf_window WHERE version = 'corrected' GROUP BY instrument_mode, window_index",
    ),
    (
        "v_psf_summary",
        "FWHM by window of wavelength, a target",
        "SELECT wavelength_window, AVG(mean), AVG(p10), AVG(p90) FROM v_psf_summary"
        " WHERE parameter = 'fwhm' AND target = 'NGC 6397' GROUP BY wavelength_window",
    ),
    (
        "v_source_summary",
        "signal-to-noise ratio of the sources of an exposure",
        "SELECT pampelmuse_id, median FROM v_source_summary WHERE exposure_id = 500"
        " AND quantity = 'snr' AND wavelength_window = 'all' ORDER BY median DESC",
    ),
    (
        "v_sparta_laser",
        "telemetry of an exposure",
        "SELECT time_utc, lgs, strehl, r0_m, l0_m FROM v_sparta_laser WHERE exposure_id = 500",
    ),
    ("v_night", "medians by night and mode", "SELECT * FROM v_night ORDER BY night"),
    ("v_month", "medians by month and mode", "SELECT * FROM v_month ORDER BY month"),
    (
        "v_twin",
        "the ten most alike exposures of one",
        "SELECT twin_exposure_id, distance FROM v_twin WHERE exposure_id = 500"
        " ORDER BY distance LIMIT 10",
    ),
    (
        "v_sky_condition",
        "exposures by condition of the sky",
        "SELECT start_condition, COUNT(*) FROM v_sky_condition GROUP BY start_condition",
    ),
    (
        "v_psf_prediction",
        "predicted against delivered FWHM, by wavelength and mode",
        "SELECT instrument_mode, wavelength_nm, COUNT(*), AVG(predicted_fwhm_arcsec),"
        " AVG(delivered_fwhm_arcsec) FROM v_psf_prediction GROUP BY instrument_mode, wavelength_nm",
    ),
    (
        "v_file_hdu",
        "what the files of an exposure offered",
        "SELECT role, file_name, extension_name FROM v_file_hdu WHERE exposure_id = 500",
    ),
    *(
        (view, "all of one exposure", f"SELECT * FROM {view} WHERE exposure_id = 500")  # noqa: S608 - own
        for view in (
            "v_gain",
            "v_residual",
            "v_strehl",
            "v_sensor",
            "v_laser_ratio",
            "v_psf_field",
            "v_isoplanatic",
            "v_isoplanatic_sample",
        )
    ),
    ("v_residual_summary", "all of it", "SELECT * FROM v_residual_summary"),
    (
        "load_issue",
        "open issues by kind",
        "SELECT severity, code, COUNT(*) FROM load_issue WHERE closed_run_id IS NULL"
        " GROUP BY severity, code",
    ),
)


def ask_at_size(
    warehouse: Warehouse, folder: Path, exposures: int, rounds: int
) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """Time the questions and some commands on both engines.

    Parameters
    ----------
    warehouse : Warehouse
        Makes the databases.
    folder : pathlib.Path
        Where the tree goes that is loaded and repeated.
    exposures : int
        How many exposures the databases are to hold.
    rounds : int
        How often each question is asked.

    Returns
    -------
    asked : list of dict
        View, question, rows of the answer, and the seconds of each round by engine; charts have
        MariaDB's alone.
    commands : dict
        What `time_commands` returns, by engine.
    """
    root = folder / "many"
    is_huge = exposures > _HUGE
    sources = _SOURCES if _LOADED < exposures <= _HUGE else _FEW_SOURCES
    # With all layers: most metrics of the PSF are those of a wavelength.
    simulate(root, exposures=min(_LOADED, exposures // 2), sources=sources)
    asked: list[dict[str, Any]] = [
        {"view": view, "question": question, "sql": sql} for view, question, sql in QUESTIONS
    ]
    charts = [
        {"view": "dashboard", "question": name.replace("_", " "), "sql": chart.sql}
        for name, chart in EXPECTED.items()
    ]
    commands: dict[str, dict[str, str]] = {}
    for engine, questions in (
        (warehouse.mariadb(), [*asked, *charts]),
        (warehouse.sqlite(), asked),
    ):
        pipeline.load(engine, [root], workers=2)
        _predict(engine)
        multiply(engine, exposures, LEFT_OUT | TELEMETRY if is_huge else LEFT_OUT)
        commands[engine.dialect.name] = time_commands(engine, root)
        with engine.connect() as connection:
            for row in questions:
                sql = row["sql"].format(chosen="1 = 1")
                row["rows"], row[engine.dialect.name] = time_question(connection, sql, rounds)
        engine.dispose()
    return [*asked, *charts], commands


def _predict(engine: sa.Engine) -> None:
    """Give each exposure a prediction of constant numbers: a real one takes half a minute."""
    layers = [
        {"row_index": i, "wavelength_nm": float(nm), "fwhm_arcsec": 0.5, "beta": 2.5}
        for i, nm in enumerate(WAVELENGTHS_NM)
    ]
    head = {"package": "constant", "package_version": "0", "predicted_utc": datetime(2018, 1, 1)}
    with engine.begin() as connection:
        for exposure_id in connection.scalars(sa.select(Exposure.id)).all():
            connection.execute(sa.insert(PsfPrediction), head | {"exposure_id": exposure_id})
            rows = [row | {"exposure_id": exposure_id} for row in layers]
            connection.execute(sa.insert(PsfPredictionLayer), rows)


def time_question(connection: sa.Connection, sql: str, rounds: int) -> tuple[int, list[float]]:
    """Return the rows of an answer, and the seconds of each round."""
    return timed(lambda: connection.exec_driver_sql(sql).all(), rounds)


def timed(ask: Callable[[], Sequence[Any]], rounds: int) -> tuple[int, list[float]]:
    """Return the rows of an answer, and the seconds of each round."""
    seconds: list[float] = []
    rows = 0
    for _ in range(rounds):
        begun = time.perf_counter()
        rows = len(ask())
        seconds.append(time.perf_counter() - begun)
    return rows, seconds
