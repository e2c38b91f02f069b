"""The views: wide, one grain each, with a meaning for every column.

Views are derived from the tables, so they are not revisions of their own: the last step of a
migration to head creates them anew, and a revision that changes tables drops them first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aomuse.models.exposure import Exposure

#: Pixel scales of MUSE's two fields, arcsec per pixel (MUSE User Manual, section 2).
PIXEL_SCALE_ARCSEC = {"WFM": 0.2, "NFM": 0.025}

_PIXEL_SCALE_SQL = (
    "CASE "
    + " ".join(
        f"WHEN e.instrument_mode LIKE '{field}%' THEN {scale}"
        for field, scale in PIXEL_SCALE_ARCSEC.items()
    )
    + " END"
)


@dataclass(frozen=True)
class ViewColumn:
    """A column of a view: its name, the SQL expression behind it, and its meaning."""

    name: str
    expression: str
    comment: str


@dataclass(frozen=True)
class View:
    """A view: its name, meaning, columns, and what follows FROM."""

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]
    source: str

    def select(self) -> str:
        """Return the SELECT statement of the view."""
        columns = ",\n  ".join(f"{c.expression} AS {c.name}" for c in self.columns)
        return f"SELECT\n  {columns}\nFROM {self.source}"

    def create(self, dialect: str) -> str:
        """Return the CREATE VIEW statement for ``dialect`` (``sqlite`` or MariaDB's names)."""
        if dialect == "sqlite":
            return f"CREATE VIEW {self.name} AS\n{self.select()}"
        return f"CREATE OR REPLACE SQL SECURITY INVOKER VIEW {self.name} AS\n{self.select()}"


def _night(dialect: str) -> str:
    """Return the SQL for the date on which the night began, local noon to local noon."""
    if dialect == "sqlite":
        return "date(e.date_obs_utc, '-12 hours')"
    return "CAST(e.date_obs_utc - INTERVAL 12 HOUR AS DATE)"


def _exposure_columns(dialect: str) -> Iterator[ViewColumn]:
    yield ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)")
    yield ViewColumn("target", "t.name", "Observed object")
    yield ViewColumn("night", _night(dialect), "Date on which the night began")
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
        "(SELECT COUNT(*) FROM psf_fit f JOIN source s ON s.psf_fit_id = f.id"
        " WHERE f.exposure_id = e.id)",
        "Sources of all analyses of the exposure",
    )
    yield ViewColumn(
        "open_issue_count",
        "(SELECT COUNT(*) FROM load_issue i WHERE i.exposure_id = e.id"
        " AND i.closed_run_id IS NULL)",
        "What the loader found wrong, missing or odd, and nobody has mended yet",
    )


def _laser_mean(column: str, meaning: str) -> ViewColumn:
    # A laser that is off reports zeros; r0 = 0 cannot be measured.
    return ViewColumn(column, f"AVG(CASE WHEN a.r0_m > 0 THEN a.{column} END)", meaning)


_FIT_COLUMNS = (
    ViewColumn("psf_fit_id", "f.id", "Number of the analysis (psf_fit.id)"),
    ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
    ViewColumn("target", "t.name", "Observed object"),
    ViewColumn("instrument_mode", "e.instrument_mode", "ESO INS MODE, such as WFM-AO-N"),
    ViewColumn("date_obs_utc", "e.date_obs_utc", "Start of the exposure, UTC"),
    ViewColumn("model", "f.model", "PSF model: moffat, maoppy or unknown"),
)
_FIT_JOINS = "JOIN exposure e ON e.id = f.exposure_id\nLEFT JOIN target t ON t.id = e.target_id"

#: Parameters of the Moffat model, which v_psf always shows.
MOFFAT_PARAMETERS = ("beta", "fwhm", "e", "theta")


def static_views(dialect: str) -> list[View]:
    """Return the views that do not depend on what has been loaded.

    Parameters
    ----------
    dialect : str
        Name of the SQLAlchemy dialect: ``sqlite``, ``mariadb`` or ``mysql``.

    Returns
    -------
    list of View
        The views, in the order in which they can be created.
    """
    return [
        View(
            "v_exposure",
            "One exposure, wide",
            tuple(_exposure_columns(dialect)),
            "exposure e\nLEFT JOIN target t ON t.id = e.target_id",
        ),
        View(
            "v_header",
            "One header card",
            (
                ViewColumn("exposure_id", "h.exposure_id", "Number of the exposure (exposure.id)"),
                ViewColumn("file_role", "sf.role", "reduced, raw, prm or psf"),
                ViewColumn("file_name", "sf.name", "Name of the file"),
                ViewColumn("extension_name", "h.extension_name", "EXTNAME, PRIMARY for the first"),
                ViewColumn("position", "c.position", "Place of the card in the header, from 0"),
                ViewColumn("keyword", "k.name", "Keyword without HIERARCH"),
                ViewColumn(
                    "value",
                    "COALESCE(c.value_text, CASE WHEN c.value_type = 'bool' THEN"
                    " CASE c.value_int WHEN 1 THEN 'T' ELSE 'F' END END,"
                    " CAST(c.value_int AS CHAR), CAST(c.value_float AS CHAR))",
                    "Value of the card as text",
                ),
                ViewColumn(
                    "value_number",
                    "COALESCE(c.value_float, c.value_int)",
                    "Value of an integer, floating point or logical (0, 1) card",
                ),
                ViewColumn("value_type", "c.value_type", "Type of the card's value"),
                ViewColumn("comment", "k.comment", "Comment of the card"),
            ),
            "header_card c\nJOIN header h ON h.id = c.header_id\n"
            "JOIN source_file sf ON sf.id = h.source_file_id\n"
            "JOIN keyword k ON k.id = c.keyword_id",
        ),
        View(
            "v_source_sample",
            "One source in one wavelength layer",
            (
                *_FIT_COLUMNS,
                ViewColumn("pampelmuse_id", "s.pampelmuse_id", "Id of the source"),
                ViewColumn("layer", "s.layer", "Layer of the cube, from 0"),
                ViewColumn("wavelength_nm", "l.wavelength_nm", "Wavelength of the layer, nm"),
                ViewColumn("snr", "s.snr", "Signal-to-noise ratio"),
                ViewColumn("flux", "s.flux", "Flux in the cube's unit"),
                ViewColumn("fwhm_pixel", "s.fwhm", "FWHM of the PSF, pixels"),
                ViewColumn("fwhm_arcsec", f"s.fwhm * {_PIXEL_SCALE_SQL}", "FWHM, arcsec"),
                ViewColumn("beta", "s.beta", "Moffat beta of the PSF"),
                ViewColumn("xc_pixel", "s.xc", "Centroid in x, pixels"),
                ViewColumn("yc_pixel", "s.yc", "Centroid in y, pixels"),
            ),
            f"source_sample s\nJOIN psf_fit f ON f.id = s.psf_fit_id\n{_FIT_JOINS}\n"
            "LEFT JOIN psf_layer l ON l.psf_fit_id = s.psf_fit_id AND l.layer = s.layer",
        ),
        View(
            "v_source_summary",
            "Statistics of one quantity of one source over one wavelength window",
            (
                *_FIT_COLUMNS,
                ViewColumn("pampelmuse_id", "s.pampelmuse_id", "Id of the source"),
                *_summary_columns("Column of source_sample: snr, flux, fwhm, beta, xc or yc"),
            ),
            f"source_summary s\nJOIN psf_fit f ON f.id = s.psf_fit_id\n{_FIT_JOINS}\n"
            "JOIN wavelength_window w ON w.id = s.wavelength_window_id",
        ),
        View(
            "v_psf_summary",
            "Statistics of one PSF parameter over one wavelength window",
            (*_FIT_COLUMNS, *_summary_columns("PSF parameter, such as fwhm", "parameter")),
            f"psf_parameter_summary s\nJOIN psf_fit f ON f.id = s.psf_fit_id\n{_FIT_JOINS}\n"
            "JOIN wavelength_window w ON w.id = s.wavelength_window_id",
        ),
        View(
            "v_sparta_atm",
            "One time of SPARTA_ATM_DATA, mean over the lasers that are on",
            (
                ViewColumn("exposure_id", "a.exposure_id", "Number of the exposure (exposure.id)"),
                ViewColumn("row_index", "a.row_index", "Row of the table in the file, from 0"),
                ViewColumn("time_utc", "MIN(a.time_utc)", "Time of the sample, UTC"),
                ViewColumn(
                    "lasers_on",
                    "SUM(CASE WHEN a.r0_m > 0 THEN 1 ELSE 0 END)",
                    "Lasers that are on (r0 > 0)",
                ),
                _laser_mean("r0_m", "Fried parameter, m"),
                _laser_mean("l0_m", "Outer scale, m"),
                _laser_mean("seeing_arcsec", "Seeing, arcsec"),
                _laser_mean("fwhm_gain", "Gain in FWHM by the correction"),
                _laser_mean("strehl", "Strehl ratio"),
                _laser_mean("turvar_res", "Residual variance of the turbulence"),
                _laser_mean("turvar_tot", "Total variance of the turbulence"),
                _laser_mean("tur_alt", "Share of the turbulence at altitude"),
                _laser_mean("tur_gnd", "Share of the turbulence at the ground"),
                _laser_mean("slope_rms_x", "RMS of the slopes in x"),
                _laser_mean("slope_rms_y", "RMS of the slopes in y"),
            ),
            "sparta_atm a\nGROUP BY a.exposure_id, a.row_index",
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
            f"psf_fit f\n{_FIT_JOINS}",
        ),
    ]


def _summary_columns(meaning: str, key: str = "quantity") -> tuple[ViewColumn, ...]:
    statistics = (
        ("sample_count", "Values that are numbers"),
        ("mean", "Arithmetic mean"),
        ("median", "Median"),
        ("p10", "10th percentile"),
        ("p90", "90th percentile"),
        ("standard_deviation", "Standard deviation of the population"),
        ("minimum", "Smallest value"),
        ("maximum", "Largest value"),
    )
    return (
        ViewColumn("wavelength_window", "w.name", "Wavelength window"),
        ViewColumn("wavelength_min_nm", "w.wavelength_min_nm", "Lower edge, nm"),
        ViewColumn("wavelength_max_nm", "w.wavelength_max_nm", "Upper edge, nm"),
        ViewColumn(key, f"s.{key}", meaning),
        *(ViewColumn(name, f"s.{name}", comment) for name, comment in statistics),
    )


def psf_view(parameters: list[tuple[str, str]]) -> View:
    """Return v_psf with a column for each PSF parameter.

    Parameters
    ----------
    parameters : list of (str, str)
        Name of the column, and SQL literal of the parameter's name.

    Returns
    -------
    View
        One row for each fit and layer.
    """
    values = [
        ViewColumn(column, f"p{i}.value", f"PSF parameter {literal[1:-1]}")
        for i, (column, literal) in enumerate(parameters)
    ]
    fwhm = next((c.expression for c in values if c.name == "fwhm"), "NULL")
    joins = "\n".join(
        f"LEFT JOIN psf_parameter p{i} ON p{i}.psf_fit_id = l.psf_fit_id"
        f" AND p{i}.layer = l.layer AND p{i}.parameter = {literal}"
        for i, (_, literal) in enumerate(parameters)
    )
    return View(
        "v_psf",
        "The PSF in one wavelength layer, a column for each parameter",
        (
            *_FIT_COLUMNS,
            ViewColumn("layer", "l.layer", "Layer of the cube, from 0"),
            ViewColumn("wavelength_nm", "l.wavelength_nm", "Wavelength of the layer, nm"),
            *values,
            ViewColumn("fwhm_arcsec", f"{fwhm} * {_PIXEL_SCALE_SQL}", "FWHM, arcsec"),
        ),
        f"psf_layer l\nJOIN psf_fit f ON f.id = l.psf_fit_id\n{_FIT_JOINS}\n{joins}",
    )
