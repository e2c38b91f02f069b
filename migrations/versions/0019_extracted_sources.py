"""all extracted sources, ids of 64 bits, and units in the comments

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql

from aomuse.query.refresh import drop_views

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_nopad_bin"),
        ("row_format", "DYNAMIC"),
    )
}
FLOAT, INTEGER, SMALL, BIG = sa.Double(), sa.Integer(), sa.SmallInteger(), sa.BigInteger()
CODE, NAME, TEXT = sa.String(64), sa.String(255), mysql.MEDIUMTEXT()

#: Tables that name a source of an analysis, and the comment of its id there.
WITH_IDS = ("source", "source_sample", "source_summary")
ID_COMMENT = "Id that PampelMuse gave: X of PM_X"

#: Table, its comment before and now.
TABLES = (
    ("source", "One source (star) of a fit", "One PSF star of a fit: a source with a table PM_X"),
    (
        "source_sample",
        "PM_X: one source in one layer; the primary key is its only index",
        "PM_X: one PSF star in one layer; the primary key is its only index",
    ),
)
#: Table, column, type, whether it may be NULL, its comment before and now.
COLUMNS = (
    (
        *("exposure", "seeing_start_arcsec", FLOAT, True),
        "ESO TEL AMBI FWHM START: site seeing at start, arcsec",
        "ESO TEL AMBI FWHM START: DIMM seeing at start, zenith, arcsec",
    ),
    (
        *("exposure", "seeing_end_arcsec", FLOAT, True),
        "ESO TEL AMBI FWHM END: site seeing at end, arcsec",
        "ESO TEL AMBI FWHM END: DIMM seeing at end, zenith, arcsec",
    ),
    (
        *("exposure", "tau0_s", FLOAT, True),
        "ESO TEL AMBI TAU0: coherence time, s",
        "ESO TEL AMBI TAU0: coherence time at 500 nm, s",
    ),
    (
        *("table_column", "description", TEXT, True),
        "What a catalogue in ECSV says of the column; NULL for FITS",
        "What a catalogue says of the column; NULL for FITS",
    ),
    (
        *("table_column", "datatype", CODE, True),
        "Type in a catalogue in ECSV or an imported blob, such as float64; NULL for FITS",
        "Type in a catalogue or an imported blob, such as float64; NULL for FITS",
    ),
    (
        *("asm", "tau0", FLOAT, True),
        "ASM_TAU0: coherence time; unit in table_column.unit",
        "ASM_TAU0: coherence time at 500 nm; unit in table_column.unit",
    ),
    (
        *("asm", "r0", FLOAT, True),
        "R0: Fried parameter; unit in table_column.unit",
        "R0: Fried parameter at 500 nm; unit in table_column.unit",
    ),
    (
        *("asm", "dimm_seeing_arcsec", FLOAT, True),
        "DIMM_SEEING: seeing by DIMM, arcsec",
        "DIMM_SEEING: seeing by DIMM at 500 nm and zenith, arcsec",
    ),
    (
        *("asm_mass_layer", "layer", SMALL, False),
        "MASS layer, 0 to 6",
        "MASS layer, 0 to 6; 0 is the ground layer",
    ),
    (
        *("sparta_atm", "r0_m", FLOAT, True),
        "LGSn_R0: Fried parameter, m",
        "LGSn_R0: Fried parameter at 500 nm along the line of sight, m",
    ),
    (
        *("sparta_atm", "seeing_arcsec", FLOAT, True),
        "LGSn_SEEING: seeing, arcsec",
        "LGSn_SEEING: seeing at 500 nm along the line of sight, arcsec",
    ),
    (
        *("sparta_atm", "turvar_res", FLOAT, True),
        "LGSn_TURVAR_RES: residual variance of the turbulence",
        "LGSn_TURVAR_RES: residual variance of the turbulence, rad²",
    ),
    (
        *("sparta_atm", "turvar_tot", FLOAT, True),
        "LGSn_TURVAR_TOT: total variance of the turbulence",
        "LGSn_TURVAR_TOT: total variance of the turbulence, rad²",
    ),
    (
        *("sparta_cn2", "r0_total_m", FLOAT, True),
        "r0Tot: Fried parameter, m",
        "r0Tot: Fried parameter at 500 nm along the line of sight, m",
    ),
    (
        *("sparta_cn2", "seeing_total_arcsec", FLOAT, True),
        "seeingTot: seeing of the whole profile, arcsec",
        "seeingTot: seeing of the whole profile at 500 nm along the line of sight, arcsec",
    ),
    (
        *("sparta_cn2_layer", "altitude", FLOAT, True),
        "ALTn: altitude of the layer; unit in table_column.unit",
        "ALTn: height of the layer above the telescope, km, or as table_column.unit says",
    ),
    (
        *("header", "hdu_type", CODE, False),
        "primary, image, compressed_image, binary_table, ascii_table, ecsv (a catalogue), json (imported: the kind is not known) or other",
        "primary, image, compressed_image, binary_table, ascii_table, ecsv or sextractor (a catalogue), json (imported: the kind is not known) or other",
    ),
    (
        *("psf_fit", "psf_file_id", INTEGER, True),
        "File with the sources; NULL where it was not found",
        "File with the PSF stars; NULL where it was not found",
    ),
    (
        *("psf_fit", "model", CODE, False),
        "PSF model: moffat, maoppy or unknown; by folder, else by the parameters' names",
        "PSF model, such as moffat or maoppy, by the header's PAMPELMUSE PSF PROFILE, else by folder, else by the parameters' names; or unknown",
    ),
    (
        *("psf_fit", "psf_file", NAME, True),
        "Name of the file with the sources; NULL where it was not found",
        "Name of the file with the PSF stars; NULL where it was not found",
    ),
    (
        *("position_parameter", "value", FLOAT, True),
        "polyfit: smooth value, pixels",
        "polyfit: smooth value; A to D have no unit, x0 and y0 are in pixels",
    ),
    (
        *("psf_layer", "wavelength_nm", FLOAT, True),
        "(CRVAL3 + layer CDELT3) 1e9 of SPECTRA, nm",
        "Wavelength by CRVAL3, CDELT3 (or CD3_3), CRPIX3 and CUNIT3 of SPECTRA, nm",
    ),
    (
        *("psf_parameter", "value", FLOAT, True),
        "polyfit: smooth value; fwhm in pixels, theta in radians",
        "polyfit: smooth value; fwhm in pixels along the major axis, e = 1 - b/a, theta in rad; of MAOPPY r0 in m, bck in rad² m², amp in rad², alpha in 1/m",
    ),
    (
        *("source_sample", "fwhm", FLOAT, True),
        "FWHM of the PSF, pixels",
        "FWHM of the PSF along the major axis, pixels",
    ),
)

#: Columns of extracted_source, the columns of SOURCES in capitals that they come from, and the units
#: that these may have.
PIXELS, DEGREES = ("pix", "pixel"), ("deg",)
FLOATS = (
    ("ra_deg", ("RA",), DEGREES),
    ("dec_deg", ("DEC",), DEGREES),
    ("x_pixel", ("X",), PIXELS),
    ("y_pixel", ("Y",), PIXELS),
    ("magnitude", ("MAGNITUDE", "MAG"), ("mag",)),
)
INTEGERS = (("status", "STATUS"), ("spectrum_row", "SPECROW"))
#: The first table SOURCES of each parameter file, its columns and the first element of their cells.
CELLS = """
psf_fit f
JOIN header h ON h.id = (SELECT MIN(o.id) FROM header o WHERE o.source_file_id = f.prm_file_id
  AND UPPER(TRIM(o.extension_name)) = 'SOURCES' AND o.table_layout_id IS NOT NULL)
JOIN table_column c ON c.table_layout_id = h.table_layout_id
JOIN table_value v ON v.header_id = h.id AND v.table_column_id = c.id AND v.element = 0
"""


def upgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.create_table(
        "extracted_source",
        sa.Column("psf_fit_id", INTEGER, nullable=False, comment="Fit"),
        sa.Column(
            "row_index",
            INTEGER,
            autoincrement=False,
            nullable=False,
            comment="Row of SOURCES, from 0",
        ),
        sa.Column(
            "pampelmuse_id",
            BIG.with_variant(INTEGER, "sqlite"),
            nullable=True,
            comment="id; NULL where it is not a whole number or an earlier row has the same",
        ),
        *(
            sa.Column(name, FLOAT, nullable=True, comment=comment)
            for name, comment in (
                ("ra_deg", "ra: right ascension, deg"),
                ("dec_deg", "dec: declination, deg"),
                *(
                    (
                        f"{axis}_pixel",
                        f"{axis}: position in the catalogue's coordinates, which POSPARS turns "
                        "into the cube's, pixels",
                    )
                    for axis in "xy"
                ),
                ("magnitude", "magnitude or mag: magnitude in the catalogue's passband, mag"),
            )
        ),
        sa.Column(
            "status",
            INTEGER,
            nullable=True,
            comment="status: 3 is a PSF star; NULL where the file has no whole number",
        ),
        sa.Column(
            "spectrum_row",
            INTEGER,
            nullable=True,
            comment="specrow: place of its spectrum in the image SPECTRA of the parameter file, "
            "from 0",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"],
            ["psf_fit.id"],
            name=op.f("fk_extracted_source_psf_fit"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("psf_fit_id", "row_index", name=op.f("pk_extracted_source")),
        sa.UniqueConstraint(
            "psf_fit_id", "pampelmuse_id", name=op.f("uq_extracted_source_psf_fit_id_pampelmuse_id")
        ),
        comment="SOURCES: one source that PampelMuse extracted, PSF star or not",
        if_not_exists=True,
        **OPTIONS,
    )
    _fill()
    if op.get_context().dialect.name != "sqlite":
        _retype(INTEGER, BIG)
        _comment(before=-2, now=-1)


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())
    op.execute("DELETE FROM special_value WHERE table_name = 'extracted_source'")
    op.drop_table("extracted_source", if_exists=True)
    if op.get_context().dialect.name != "sqlite":
        # A server refuses this while there are ids that the older schema cannot hold.
        _retype(BIG, INTEGER)
        _comment(before=-1, now=-2)


def _fill() -> None:
    """Copy what earlier loads put into the column store, ids that occur twice only once."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    whole = f"CAST(v.value_float AS {'INTEGER' if is_sqlite else 'SIGNED'})"
    number = (
        f"COALESCE(v.value_int, CASE WHEN ABS(v.value_float) < 9e15 AND v.value_float = {whole}"
        f" THEN {whole} END)"
    )
    small = "v.value_int BETWEEN -2147483648 AND 2147483647"
    values = {
        "pampelmuse_id": f"MAX(CASE WHEN UPPER(c.name) = 'ID' THEN {number} END)",
        **{
            name: f"MAX(CASE WHEN {_is_float(texts, units)} THEN"
            " COALESCE(v.value_float, v.value_int) END)"
            for name, texts, units in FLOATS
        },
        **{
            name: f"MAX(CASE WHEN UPPER(c.name) = '{text}' AND {small} THEN v.value_int END)"
            for name, text in INTEGERS
        },
    }
    names = ", ".join(values)
    id_once = (
        "CASE WHEN ROW_NUMBER() OVER (PARTITION BY psf_fit_id, pampelmuse_id ORDER BY row_index)"
        " = 1 THEN pampelmuse_id END"
    )
    op.execute("DELETE FROM extracted_source")
    op.execute(
        f"INSERT INTO extracted_source (psf_fit_id, row_index, {names})"
        f" SELECT psf_fit_id, row_index, {names.replace('pampelmuse_id', id_once)} FROM"
        " (SELECT f.id AS psf_fit_id, v.row_index AS row_index, "
        + ", ".join(f"{value} AS {name}" for name, value in values.items())
        + f" FROM {CELLS} GROUP BY f.id, v.row_index) g"
    )
    parts = ("v.header_id", "v.table_column_id", "v.row_index", "v.element")
    key = " || '/' || ".join(parts) if is_sqlite else f"CONCAT_WS('/', {', '.join(parts)})"
    row = "f.id || '/' || v.row_index" if is_sqlite else "CONCAT_WS('/', f.id, v.row_index)"
    op.execute("DELETE FROM special_value WHERE table_name = 'extracted_source'")
    for name, texts, units in FLOATS:
        op.execute(
            "INSERT INTO special_value (exposure_id, table_name, column_name, row_key, value)"
            f" SELECT h.exposure_id, 'extracted_source', '{name}', {row}, s.value"
            f" FROM {CELLS} JOIN special_value s ON s.exposure_id = h.exposure_id"
            " AND s.table_name = 'table_value' AND s.column_name = 'value_float'"
            f" AND s.row_key = {key} WHERE {_is_float(texts, units)}"
        )


def _is_float(names: tuple[str, ...], units: tuple[str, ...]) -> str:
    listed, allowed = (", ".join(f"'{text}'" for text in texts) for texts in (names, units))
    return f"UPPER(c.name) IN ({listed}) AND (c.unit IS NULL OR c.unit IN ('', {allowed}))"


def _retype(before: sa.Integer, now: sa.Integer) -> None:
    """Change the ids of sources; the foreign key between two of them stands aside meanwhile."""
    name = "fk_source_summary_source"
    op.execute(f"ALTER TABLE source_summary DROP FOREIGN KEY IF EXISTS {name}")
    for table in WITH_IDS:
        op.alter_column(
            table,
            "pampelmuse_id",
            type_=now,
            existing_type=before,
            existing_nullable=False,
            existing_comment=ID_COMMENT,
            existing_autoincrement=False,
        )
    key = ["psf_fit_id", "pampelmuse_id"]
    op.create_foreign_key(name, "source_summary", "source", key, key, ondelete="CASCADE")


def _comment(before: int, now: int) -> None:
    for texts in TABLES:
        op.create_table_comment(texts[0], texts[now], existing_comment=texts[before])
    for column in COLUMNS:
        table, name, kind, nullable, *_ = column
        op.alter_column(
            table,
            name,
            comment=column[now],
            existing_comment=column[before],
            existing_type=kind,
            existing_nullable=nullable,
            existing_autoincrement=False,
        )
