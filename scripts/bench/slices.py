"""Slices: questions to the samples of many whole exposures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aomuse import pipeline
from aomuse.models import Base
from scripts.bench.at_size import time_question
from scripts.bench.many import multiply
from scripts.bench.scans import ask_duckdb
from scripts.bench.warehouse import Warehouse

#: What is asked, the seconds that an answer may take (None for a scan of all samples, which the
#: engine's speed limits), and the SQL.
QUESTIONS: tuple[tuple[str, float | None, str], ...] = (
    (
        "10 nm, by target",
        1,
        "SELECT target, COUNT(*), AVG(fwhm_arcsec) FROM v_source_sample"
        " WHERE wavelength_nm BETWEEN 700 AND 710 GROUP BY target",
    ),
    (
        "10 nm of a signal-to-noise ratio, by exposure",
        2,
        "SELECT exposure_id, COUNT(*), AVG(fwhm_arcsec) FROM v_source_sample"
        " WHERE snr > 20 AND wavelength_nm BETWEEN 700 AND 710 GROUP BY exposure_id",
    ),
    (
        "10 nm beside the metrics of the exposure",
        1,
        "SELECT m.exposure_id, m.seeing, AVG(s.fwhm_arcsec) FROM v_source_sample s"
        " JOIN v_exposure_metrics m ON m.exposure_id = s.exposure_id"
        " WHERE s.wavelength_nm BETWEEN 700 AND 710 GROUP BY m.exposure_id, m.seeing",
    ),
    (
        "the spectrum of one star",
        0.05,
        "SELECT wavelength_nm, snr, flux FROM v_source_sample WHERE psf_fit_id = 7"
        " AND pampelmuse_id = (SELECT MIN(pampelmuse_id) FROM source WHERE psf_fit_id = 7)",
    ),
    (
        "all of one exposure",
        None,
        "SELECT COUNT(*), AVG(snr), AVG(fwhm_arcsec) FROM v_source_sample WHERE exposure_id = 7",
    ),
    ("mean of everything", None, "SELECT AVG(fwhm_pixel) FROM v_source_sample"),
    ("mean of everything, without a view", None, "SELECT AVG(fwhm) FROM source_sample"),
)
#: Tables whose rows the questions need.
NEEDED = {
    *("exposure", "exposure_metric", "psf_fit", "psf_layer", "source", "source_sample"),
    *("source_file", "header"),
}


def ask_slices(
    warehouse: Warehouse, root: Path, exposures: int, rounds: int
) -> list[dict[str, Any]]:
    """Time the questions on both engines, and on DuckDB where it is installed.

    Parameters
    ----------
    warehouse : Warehouse
        Makes the databases.
    root : pathlib.Path
        The tree that is loaded and repeated.
    exposures : int
        How many exposures the databases are to hold.
    rounds : int
        How often each question is asked.

    Returns
    -------
    list of dict
        Question, limit in seconds, samples in the database, and the seconds of each round by
        engine.
    """
    asked: list[dict[str, Any]] = [
        {"question": question, "limit_s": limit, "sql": sql} for question, limit, sql in QUESTIONS
    ]
    for engine in (warehouse.mariadb(), warehouse.sqlite()):
        pipeline.load(engine, [root], workers=2)
        if engine.dialect.name == "sqlite":
            # Before there are many: the samples go through memory once.
            ask_duckdb(engine, root.parent, exposures, asked, rounds)
        multiply(engine, exposures, frozenset(Base.metadata.tables) - NEEDED)
        with engine.connect() as connection:
            samples = connection.scalar(sa.text("SELECT COUNT(*) FROM source_sample"))
            for row in asked:
                row["samples"] = samples
                row["rows"], row[engine.dialect.name] = time_question(
                    connection, row["sql"], rounds
                )
        engine.dispose()
    return asked
