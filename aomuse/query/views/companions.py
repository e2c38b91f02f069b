"""Views of companions and files: the sky by the night log, catalogues, and all HDUs."""

from __future__ import annotations

from aomuse.query.views.view import THEN_JOIN, View, columns

#: What catalogues call the number of a source: PampelMuse's input, SExtractor, photutils.
CATALOG_ID_COLUMNS = ("id", "ID", "NUMBER", "number", "Id", "label")


def companion_views(dialect: str) -> list[View]:
    """Return the views of night logs, catalogues and files."""
    return [_sky_condition(dialect), _catalog_source(dialect), _file_hdu(), NIGHT_FILE_VIEW]


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
        f"(SELECT w.{column} FROM night_weather w"
        f" WHERE w.exposure_id = e.id AND w.time_utc <= {moment}"
        " ORDER BY w.time_utc DESC, w.row_index DESC LIMIT 1)"
    )


def _sky_condition(dialect: str) -> View:
    start, end = "e.date_obs_utc", _end(dialect)
    return View(
        "v_sky_condition",
        "The sky at the start and at the end of one exposure, by its night log",
        columns(f"""
            exposure_id | e.id | Number of the exposure (exposure.id)
            start_condition | {_entry("sky_condition", start)}
                | Condition in the last entry at or before DATE-OBS; NULL if there is none
            start_comment | {_entry("comment", start)} | Comment of that entry
            end_condition | {_entry("sky_condition", end)}
                | Condition in the last entry at or before DATE-OBS plus EXPTIME
            end_comment | {_entry("comment", end)} | Comment of that entry
        """),
        "exposure e",
    )


def _catalog_source(dialect: str) -> View:
    ids = ", ".join(f"'{name}'" for name in CATALOG_ID_COLUMNS)
    length, integer = ("LENGTH", "INTEGER") if dialect == "sqlite" else ("CHAR_LENGTH", "SIGNED")
    # Of a number with a fraction, or one that a double has rounded, nobody knows the source.
    whole = f"CAST(v.value_float AS {integer})"
    number = (
        f"COALESCE(v.value_int, CASE WHEN v.value_float = {whole} AND ABS(v.value_float) < 9e15"
        f" THEN {whole} END)"
    )
    stem = "REPLACE(REPLACE(r.name, '.fz', ''), '.fits', '')"
    return View(
        "v_catalog_source",
        "One row of a catalogue in one analysis of its cube; once without one if there is none",
        columns(f"""
            exposure_id | h.exposure_id | Number of the exposure (exposure.id)
            header_id | h.id | The catalogue's table (header.id)
            catalog_file | sf.name | Name of the catalogue's file
            cube_file | q.name | Name of the cube that the catalogue is named after
            row_index | v.row_index | Row of the catalogue, from 0
            catalog_id | {number} | Number of the source in the catalogue
            psf_fit_id | f.id | Analysis of the cube; NULL if there is none
            model | f.model | PSF model of that analysis
            pampelmuse_id | s.pampelmuse_id
                | The same number, if the source is a PSF star of that analysis; else NULL
            sample_count | s.sample_count | Layers of the source in that analysis
            extracted_row | x.row_index
                | Row of v_extracted_source, if that analysis extracted the source; else NULL
            status | x.status | Status of the source there: 3 is a PSF star
        """),
        # The cube is the one with the longest name that the catalogue's begins with.
        f"""
        header h
        JOIN source_file sf ON sf.id = h.source_file_id AND sf.role = 'catalog'
        LEFT JOIN source_file q ON q.id = (
          SELECT r.id FROM source_file r
          WHERE r.exposure_id = sf.exposure_id AND r.role = 'reduced'
            AND SUBSTR(sf.name, 1, {length}({stem})) = {stem}
            AND SUBSTR(sf.name, {length}({stem}) + 1, 1) IN ('.', '_')
          ORDER BY {length}({stem}) DESC, r.id LIMIT 1)
        JOIN table_column c ON c.id = (
          SELECT MIN(i.id) FROM table_column i
          WHERE i.table_layout_id = h.table_layout_id AND i.name IN ({ids})
            AND (i.datatype LIKE '%int%' OR i.datatype LIKE 'float%'))
        JOIN table_value v ON v.header_id = h.id AND v.table_column_id = c.id AND v.element = 0
          AND {number} IS NOT NULL
        LEFT JOIN psf_fit f ON f.reduced_file_id = q.id
        LEFT JOIN source s ON s.psf_fit_id = f.id AND s.pampelmuse_id = {number}
        LEFT JOIN extracted_source x ON x.psf_fit_id = f.id AND x.pampelmuse_id = {number}
        """,
    )


#: Parts of a night log by number, and the tables that have their rows.
_LOG_PARTS = ("NIGHT_LOG", "WEATHER", "CONSTRAINTS", "FILES")
_LOG_TABLES = {1: "night_weather", 2: "night_constraint", 3: "night_file"}


def _file_hdu() -> View:
    parts = " UNION ALL ".join(
        f"SELECT {number} AS number, '{name}' AS name" for number, name in enumerate(_LOG_PARTS)
    )
    counts = " ".join(
        f"WHEN {number} THEN (SELECT COUNT(*) FROM {table} x WHERE x.exposure_id = sf.exposure_id)"
        for number, table in _LOG_TABLES.items()
    )
    version = (
        f"SELECT MIN(card.value_int) FROM keyword k {THEN_JOIN} header_card card"
        " WHERE k.name = 'EXTVER' AND card.keyword_id = k.id AND card.header_id = h.id"
    )
    return View(
        "v_file_hdu",
        "One HDU of one file, or one part of a text: what the file contains, loaded or not",
        columns(f"""
            exposure_id | sf.exposure_id | Number of the exposure (exposure.id)
            archive_id | e.archive_id | Archive name of the raw exposure
            source_file_id | sf.id | Number of the file (source_file.id)
            role | sf.role | What the file is to its exposure
            file_name | sf.name | Name of the file
            hdu_index | COALESCE(h.hdu_index, part.number)
                | Position of the HDU in the file, or of the part of a night log, from 0
            extension_name | COALESCE(h.extension_name, part.name) | EXTNAME, PRIMARY for the
                first; for a night log NIGHT_LOG, WEATHER, CONSTRAINTS or FILES
            extension_version | CASE WHEN h.hdu_type NOT IN ('ecsv', 'sextractor')
                THEN COALESCE(({version}), 1) END
                | EXTVER; 1 if the header has none, as FITS defines it; NULL for texts
            hdu_type | COALESCE(h.hdu_type, 'text')
                | Kind of HDU, such as binary_table; text for a night log
            dimensions | COALESCE(h.dimensions, '')
                | NAXIS1 x NAXIS2 …, or columns x rows; empty if none
            card_count | h.card_count | Cards of its header; NULL for night logs
            column_count | l.column_count | Columns, if it is a table of a file
            row_count
                | COALESCE(h.table_row_count, CASE part.number WHEN 0 THEN (1) {counts} END)
                | Rows, if it is a table or a part of a night log
        """),
        f"""
        source_file sf
        JOIN exposure e ON e.id = sf.exposure_id
        LEFT JOIN header h ON h.source_file_id = sf.id
        LEFT JOIN table_layout l ON l.id = h.table_layout_id
        LEFT JOIN ({parts}) part ON sf.role = 'night_log'
        WHERE sf.outcome = 'loaded'
        """,
    )


NIGHT_FILE_VIEW = View(
    "v_night_file",
    "One file of an observation block by the night log, with the exposure that it became",
    columns("""
        log_exposure_id | n.exposure_id | Exposure whose log names the file
        archive_id | n.archive_id | Archive name of the file
        exposure_id | e.id | Exposure of that name; NULL if it is not loaded
        template_id | n.template_id | Template that made it
        instrument_mode | n.instrument_mode | Mode by the log
        exposure_number | n.exposure_number | Place in the template
        exposure_count | n.exposure_count | Exposures of the template
        exposure_time_s | n.exposure_time_s | Exposure time by the log, s
        airmass | n.airmass | Air mass by the log
        dimm_seeing_arcsec | n.dimm_seeing_arcsec | DIMM seeing by the log, arcsec
        ob_grade | g.ob_grade | Grade of the block
    """),
    """
    night_file n
    JOIN night_log g ON g.exposure_id = n.exposure_id
    LEFT JOIN exposure e ON e.archive_id = n.archive_id
    """,
)
