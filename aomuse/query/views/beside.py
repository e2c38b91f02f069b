"""Views of what lies beside an exposure: the sky by the night log, catalogues, and all HDUs."""

from __future__ import annotations

from aomuse.query.views.view import View, ViewColumn

#: What catalogues call the number of a source: PampelMuse's input, SExtractor, photutils.
CATALOG_ID_COLUMNS = ("id", "ID", "NUMBER", "number", "Id", "label")


def beside_views(dialect: str) -> list[View]:
    """Return the views of night logs, catalogues and files.

    Parameters
    ----------
    dialect : str
        Name of the SQLAlchemy dialect.

    Returns
    -------
    list of View
        The views.
    """
    return [_sky_condition(dialect), CATALOG_VIEW, FILE_HDU_VIEW, NIGHT_FILE_VIEW]


def _end(dialect: str) -> str:
    """Return the expression for the end of an exposure."""
    if dialect == "sqlite":
        # Times are texts with microseconds, of which strftime gives three digits.
        return (
            "strftime('%Y-%m-%d %H:%M:%f', e.date_obs_utc, '+' || e.exposure_time_s || ' seconds')"
            " || '000'"
        )
    return "e.date_obs_utc + INTERVAL ROUND(e.exposure_time_s * 1e6) MICROSECOND"


def _entry(column: str, moment: str) -> str:
    """Return the last entry on the weather at or before a moment."""
    return (
        f"(SELECT w.{column} FROM night_weather w\n"
        f"    WHERE w.exposure_id = e.id AND w.time_utc <= {moment}\n"
        "    ORDER BY w.time_utc DESC, w.row_index DESC LIMIT 1)"
    )


def _sky_condition(dialect: str) -> View:
    start, end = "e.date_obs_utc", _end(dialect)
    return View(
        "v_sky_condition",
        "The sky at the start and at the end of one exposure, by its night log",
        (
            ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
            ViewColumn(
                "start_condition",
                _entry("sky_condition", start),
                "Condition of the last entry at or before DATE-OBS; NULL where there is none",
            ),
            ViewColumn("start_comment", _entry("comment", start), "Comment of that entry"),
            ViewColumn(
                "end_condition",
                _entry("sky_condition", end),
                "Condition of the last entry at or before DATE-OBS plus EXPTIME",
            ),
            ViewColumn("end_comment", _entry("comment", end), "Comment of that entry"),
        ),
        "exposure e",
    )


#: Rows of catalogues: their first column of ids, and the sources that have the same.
_IDS = ", ".join(f"'{name}'" for name in CATALOG_ID_COLUMNS)
_CATALOG_ROWS = f"""header h
JOIN source_file sf ON sf.id = h.source_file_id AND sf.role = 'catalog'
JOIN table_column c ON c.id = (
  SELECT MIN(i.id) FROM table_column i
  WHERE i.table_layout_id = h.table_layout_id AND i.name IN ({_IDS}))
JOIN table_value v ON v.header_id = h.id AND v.table_column_id = c.id AND v.element = 0
LEFT JOIN psf_fit f ON f.exposure_id = h.exposure_id
LEFT JOIN source s ON s.psf_fit_id = f.id AND s.pampelmuse_id = v.value_int"""

CATALOG_VIEW = View(
    "v_catalog_source",
    "One row of a catalogue, with the PampelMuse source of the same id in each analysis",
    (
        ViewColumn("exposure_id", "h.exposure_id", "Number of the exposure (exposure.id)"),
        ViewColumn("header_id", "h.id", "The catalogue's table (header.id)"),
        ViewColumn("catalog_file", "sf.name", "Name of the catalogue's file"),
        ViewColumn("row_index", "v.row_index", "Row of the catalogue, from 0"),
        ViewColumn("catalog_id", "v.value_int", "Number of the source in the catalogue"),
        ViewColumn("psf_fit_id", "s.psf_fit_id", "Analysis with that source; NULL if none"),
        ViewColumn("pampelmuse_id", "s.pampelmuse_id", "Id of the source in that analysis"),
        ViewColumn("sample_count", "s.sample_count", "Layers of the source in that analysis"),
    ),
    _CATALOG_ROWS,
)

FILE_HDU_VIEW = View(
    "v_file_hdu",
    "One HDU of one file: what the file offered, loaded or not",
    (
        ViewColumn("exposure_id", "h.exposure_id", "Number of the exposure (exposure.id)"),
        ViewColumn("archive_id", "e.archive_id", "Archive name of the raw exposure"),
        ViewColumn("source_file_id", "sf.id", "Number of the file (source_file.id)"),
        ViewColumn("role", "sf.role", "What the file is to its exposure"),
        ViewColumn("file_name", "sf.name", "Name of the file"),
        ViewColumn("hdu_index", "h.hdu_index", "Position of the HDU in the file, from 0"),
        ViewColumn("extension_name", "h.extension_name", "EXTNAME; PRIMARY for the first"),
        ViewColumn("hdu_type", "h.hdu_type", "Kind of the HDU, such as binary_table"),
        ViewColumn("dimensions", "h.dimensions", "NAXIS1 x NAXIS2 …, or columns x rows"),
        ViewColumn("card_count", "h.card_count", "Cards of its header"),
        ViewColumn("column_count", "l.column_count", "Columns, if it is a table"),
        ViewColumn("row_count", "h.table_row_count", "Rows, if it is a table"),
    ),
    "header h\n"
    "JOIN source_file sf ON sf.id = h.source_file_id\n"
    "JOIN exposure e ON e.id = h.exposure_id\n"
    "LEFT JOIN table_layout l ON l.id = h.table_layout_id",
)

NIGHT_FILE_VIEW = View(
    "v_night_file",
    "One file of an observation block by the night log, with the exposure that it became",
    (
        ViewColumn("log_exposure_id", "n.exposure_id", "Exposure whose log names the file"),
        ViewColumn("archive_id", "n.archive_id", "Archive name of the file"),
        ViewColumn("exposure_id", "e.id", "Exposure of that name; NULL if it is not loaded"),
        ViewColumn("template_id", "n.template_id", "Template that made it"),
        ViewColumn("instrument_mode", "n.instrument_mode", "Mode by the log"),
        ViewColumn("exposure_number", "n.exposure_number", "Place in the template"),
        ViewColumn("exposure_count", "n.exposure_count", "Exposures of the template"),
        ViewColumn("exposure_time_s", "n.exposure_time_s", "Exposure time by the log, s"),
        ViewColumn("airmass", "n.airmass", "Air mass by the log"),
        ViewColumn("dimm_seeing_arcsec", "n.dimm_seeing_arcsec", "DIMM seeing by the log, arcsec"),
        ViewColumn("ob_grade", "g.ob_grade", "Grade of the block"),
    ),
    "night_file n\n"
    "JOIN night_log g ON g.exposure_id = n.exposure_id\n"
    "LEFT JOIN exposure e ON e.archive_id = n.archive_id",
)
