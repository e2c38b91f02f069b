"""The cubes as ObsCore 1.1 describes observations, for services of the Virtual Observatory.

https://www.ivoa.net/documents/ObsCore/: all mandatory columns, in the standard's order.
"""

from __future__ import annotations

from aomuse.metrics import metric_of
from aomuse.muse.instrument import FIELD_ARCSEC, RESOLVING_POWER, WAVELENGTHS_M
from aomuse.query.views.formulae import double
from aomuse.query.views.view import View, columns

#: The service that lists what ESO's archive has for an exposure, and the name it has there.
_ESO_ID = "ivo://eso.org/ID?"
_DATALINK = f"https://archive.eso.org/datalink/links?ID={_ESO_ID}"

#: Half the diagonal of the field: the circle that holds it however it is turned.
_RADIUS_DEG = {field: size / 3600 * 0.5**0.5 for field, size in FIELD_ARCSEC.items()}


def obscore_view(dialect: str) -> View:
    """Return v_obscore."""
    texts = dialect == "sqlite"
    # Constants have the type of the standard, also in what a driver reports.
    integer, text = ("INTEGER", "TEXT") if texts else ("SIGNED", "CHAR(64)")
    number = "CAST({} AS REAL)" if texts else "CAST({} AS DOUBLE)"

    def constant(value: str) -> str:
        return f"CAST('{value}' AS {text})"

    def joined(*parts: str) -> str:
        return " || ".join(parts) if texts else f"CAST(CONCAT({', '.join(parts)}) AS CHAR(512))"

    def by_mode(values: dict[str, float]) -> str:
        cases = " ".join(
            f"WHEN e.instrument_mode LIKE '{mode}' THEN {double(value)}"
            for mode, value in values.items()
        )
        return number.format(f"CASE {cases} END")

    def of_field(values: dict[str, float]) -> str:
        return by_mode({f"{field}%": value for field, value in values.items()})

    none, count = f"CAST(NULL AS {integer})", f"CAST({{}} AS {integer})"
    eso_id = joined(f"'{_ESO_ID}'", "e.archive_id")
    radius = " ".join(
        f"WHEN e.instrument_mode LIKE '{field}%' THEN '{value:.6f}'"
        for field, value in _RADIUS_DEG.items()
    )
    circle = joined("'CIRCLE ICRS '", "e.ra_deg", "' '", "e.dec_deg", "' '", f"CASE {radius} END")
    cube = "REPLACE(REPLACE(q.name, '.fz', ''), '.fits', '')"
    size = "CEIL(q.size_bytes / 1024e0)" if not texts else "(q.size_bytes + 1023) / 1024"
    days = "e.exposure_time_s / 86400e0"
    return View(
        "v_obscore",
        "One reduced cube as ObsCore 1.1 describes an observation, in the standard's columns",
        columns(f"""
            dataproduct_type | {constant("cube")} | Kind of data: cube
            calib_level | {count.format(2)} | Calibration level: 2, calibrated
            obs_collection | {constant("MUSE")} | Collection: MUSE
            obs_id | {cube} | Name of the cube without .fits
            obs_publisher_did | {joined(eso_id, "'#'", cube)}
                | Identifier of the cube: that of the raw exposure at ESO, and the cube's name
            access_url | {joined(f"'{_DATALINK}'", "e.archive_id")}
                | Data link at ESO's archive: all that it has for the exposure
            access_format | {constant("application/x-votable+xml;content=datalink")}
                | What access_url answers
            access_estsize | {count.format(size)} | Size of the cube, kbyte
            target_name | t.name | Observed object
            s_ra | e.ra_deg | Right ascension of the pointing (ICRS), deg
            s_dec | e.dec_deg | Declination of the pointing (ICRS), deg
            s_fov | {of_field({field: 2 * radius for field, radius in _RADIUS_DEG.items()})}
                | Diameter of the circle that holds the field, deg
            s_region | {circle} | That circle, as STC-S
            s_resolution | fwhm.value
                | FWHM of the delivered PSF at 700 nm by the first analysis, arcsec
            s_xel1 | {none} | Pixels in x: not read from cubes
            s_xel2 | {none} | Pixels in y: not read from cubes
            t_min | e.mjd_obs | Start, modified Julian date (UTC), d
            t_max | e.mjd_obs + {days} | Start plus exposure time, modified Julian date (UTC), d
            t_exptime | e.exposure_time_s | Exposure time, s
            t_resolution | e.exposure_time_s | Time resolution: the exposure time, s
            t_xel | {count.format(1)} | Samples in time: 1
            em_min | {by_mode({mode: low for mode, (low, _) in WAVELENGTHS_M.items()})}
                | Shortest wavelength of the mode, m
            em_max | {by_mode({mode: high for mode, (_, high) in WAVELENGTHS_M.items()})}
                | Longest wavelength of the mode, m
            em_res_power | {of_field(RESOLVING_POWER)} | Resolving power at the middle of the range
            em_xel | {count.format("f.layer_count")}
                | Wavelength layers of the cube by its first analysis
            o_ucd | {constant("phot.flux.density;em.wl")} | UCD of what is measured
            pol_states | CAST(NULL AS {text}) | Polarisation: none is measured
            pol_xel | {count.format(0)} | Polarisation states: 0
            facility_name | {constant("ESO-VLT-U4")} | Telescope: ESO-VLT-U4
            instrument_name | {constant("MUSE")} | Instrument: MUSE
        """),
        f"""
        source_file q
        JOIN exposure e ON e.id = q.exposure_id
        LEFT JOIN target t ON t.id = e.target_id
        LEFT JOIN psf_fit f ON f.id = (
          SELECT i.id FROM psf_fit i WHERE i.reduced_file_id = q.id
          ORDER BY i.fit_rank, i.id LIMIT 1)
        LEFT JOIN psf_fit_metric fwhm ON fwhm.psf_fit_id = f.id
          AND fwhm.metric_id = {metric_of("fwhm_700nm").id}
        WHERE q.role = 'reduced' AND e.archive_id IS NOT NULL
        """,
    )
