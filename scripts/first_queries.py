"""Three queries to begin with, and what they give on the database at hand."""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa

from aomuse.db import create_engine

#: (title, SQL): the same statement for SQLite and MariaDB, a few rows each
FIRST_QUERIES = [
    (
        "What was observed",
        """\
SELECT archive_id, target, instrument_mode, night, seeing_arcsec, airmass, source_count
FROM v_exposure
ORDER BY date_obs_utc
LIMIT 5""",
    ),
    (
        "What the adaptive optics saw: the atmosphere, mean over lasers and time",
        """\
SELECT e.target, e.archive_id, e.instrument_mode, AVG(a.r0_m) AS r0_m, AVG(a.l0_m) AS l0_m,
       AVG(a.strehl) AS strehl
FROM v_sparta_atm a
JOIN v_exposure e ON e.exposure_id = a.exposure_id
GROUP BY e.target, e.archive_id, e.instrument_mode
ORDER BY r0_m DESC
LIMIT 5""",
    ),
    (
        "How sharp the stars came out, by mode and wavelength",
        """\
SELECT instrument_mode, wavelength_window, COUNT(*) AS psf_stars, AVG(median_arcsec) AS fwhm_arcsec
FROM v_source_summary
WHERE quantity = 'fwhm' AND wavelength_window IN ('475-576 nm', '800-935 nm')
GROUP BY instrument_mode, wavelength_window, wavelength_min_nm
ORDER BY instrument_mode, wavelength_min_nm""",
    ),
]


NEXT = """
Next: source .venv/bin/activate, then aomuse status, aomuse verify, or a tree of your own with
aomuse load /data/night. README.md has more queries."""


def main() -> None:
    """Print each query and its result."""
    engine = create_engine()
    with engine.connect() as connection:
        for title, sql in FIRST_QUERIES:
            frame = pd.read_sql_query(sa.text(sql), connection)
            print(f"\n{title}\n\n{sql};\n\n{frame.to_string(index=False)}")
    engine.dispose()
    print(NEXT)


if __name__ == "__main__":
    main()
