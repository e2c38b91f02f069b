"""first tables

Revision: 0001
Follows:
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mysql

from aomuse.query.refresh import drop_views

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# DDL commits by itself on MariaDB: a revision that was cut off half way runs again from its
# start, so every statement says IF [NOT] EXISTS.
OPTIONS = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_nopad_bin"),
    )
}
MARIADB = ("mysql", "mariadb")
UTC = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MARIADB)
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), *MARIADB)
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), *MARIADB)

# Windows keep clear of the notch that the sodium lasers need (576 to 605 nm).
WINDOWS = (
    (1, "all", 0.0, 10000.0),
    (2, "475-576 nm", 475.0, 576.0),
    (3, "605-700 nm", 605.0, 700.0),
    (4, "700-800 nm", 700.0, 800.0),
    (5, "800-935 nm", 800.0, 935.0),
)


def upgrade() -> None:
    op.create_table(
        "keyword",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the keyword"
        ),
        sa.Column(
            "name",
            sa.String(length=80),
            nullable=False,
            comment="Keyword without HIERARCH, such as ESO INS MODE",
        ),
        sa.Column(
            "comment",
            sa.String(length=600),
            nullable=False,
            comment="Comment of the card; empty where it has none",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyword")),
        sa.UniqueConstraint("name", "comment", name=op.f("uq_keyword_name_comment")),
        comment="A header keyword with its comment; shared by all cards that have both",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "load_run",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the run"
        ),
        sa.Column(
            "command",
            sa.String(length=64),
            nullable=False,
            comment="Command that ran, such as load",
        ),
        sa.Column(
            "root", LONG_TEXT, nullable=False, comment="Roots that were searched, one a line"
        ),
        sa.Column("started_utc", UTC, nullable=False, comment="Start of the run, UTC"),
        sa.Column(
            "finished_utc",
            UTC,
            nullable=True,
            comment="End of the run, UTC; NULL while it runs and for a run that was killed",
        ),
        sa.Column(
            "outcome",
            sa.String(length=64),
            nullable=False,
            comment="running, complete, issues (some files failed), interrupted, killed or failed",
        ),
        sa.Column(
            "host", sa.String(length=255), nullable=False, comment="Machine the loader ran on"
        ),
        sa.Column(
            "process_id",
            sa.Integer(),
            nullable=False,
            comment="Process id of the loader on that machine",
        ),
        sa.Column(
            "aomuse_version",
            sa.String(length=64),
            nullable=False,
            comment="Version of aomuse that wrote the rows",
        ),
        sa.Column(
            "schema_revision",
            sa.String(length=64),
            nullable=False,
            comment="Alembic revision of the schema",
        ),
        sa.Column(
            "exposures_found",
            sa.Integer(),
            nullable=False,
            comment="Exposures found below the roots",
        ),
        sa.Column(
            "exposures_loaded", sa.Integer(), nullable=False, comment="Exposures that were new"
        ),
        sa.Column(
            "exposures_completed",
            sa.Integer(),
            nullable=False,
            comment="Exposures whose missing files had appeared",
        ),
        sa.Column(
            "exposures_replaced",
            sa.Integer(),
            nullable=False,
            comment="Exposures read again because a file had changed or on request",
        ),
        sa.Column(
            "exposures_unchanged",
            sa.Integer(),
            nullable=False,
            comment="Exposures with nothing new",
        ),
        sa.Column(
            "exposures_failed",
            sa.Integer(),
            nullable=False,
            comment="Exposures with a file that could not be loaded",
        ),
        sa.Column("row_count", sa.BigInteger(), nullable=False, comment="Rows written"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_run")),
        comment="One run of the loader: when, by whom, what came of it",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "table_layout",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the layout"
        ),
        sa.Column(
            "extension_name",
            sa.String(length=255),
            nullable=False,
            comment="EXTNAME of the tables; PM_ for the tables of all sources",
        ),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 over the extension name and every field of its columns",
        ),
        sa.Column("column_count", sa.Integer(), nullable=False, comment="Number of columns"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_layout")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_table_layout_fingerprint")),
        comment="The layout of a FITS table; shared by all tables that are laid out alike",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "target",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the target"
        ),
        sa.Column(
            "name",
            sa.String(length=255),
            nullable=False,
            comment="ESO OBS TARG NAME, or OBJECT where that is missing",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("name", name=op.f("uq_target_name")),
        comment="An observed object",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "wavelength_window",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Number of the window"
        ),
        sa.Column("name", sa.String(length=64), nullable=False, comment="Name, such as 700-800 nm"),
        sa.Column(
            "wavelength_min_nm", sa.Double(), nullable=False, comment="Lower edge, nm, inclusive"
        ),
        sa.Column(
            "wavelength_max_nm", sa.Double(), nullable=False, comment="Upper edge, nm, exclusive"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wavelength_window")),
        sa.UniqueConstraint("name", name=op.f("uq_wavelength_window_name")),
        comment="A range of wavelengths that summaries are made over",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "exposure",
        sa.Column(
            "id",
            sa.Integer(),
            autoincrement=True,
            nullable=False,
            comment="Number of the exposure; kept when it is reloaded",
        ),
        sa.Column("target_id", sa.Integer(), nullable=True, comment="Observed object"),
        sa.Column(
            "archive_id",
            sa.String(length=255),
            nullable=True,
            comment="Archive name of the raw exposure (PROV1 or ARCFILE) without .fits",
        ),
        sa.Column(
            "raw_file",
            sa.String(length=255),
            nullable=True,
            comment="Raw file as the reduced header names it: PROV1 with .fz appended",
        ),
        sa.Column(
            "instrument_mode",
            sa.String(length=64),
            nullable=True,
            comment="ESO INS MODE, such as WFM-AO-N",
        ),
        sa.Column(
            "date_obs_utc", UTC, nullable=True, comment="DATE-OBS: start of the exposure, UTC"
        ),
        sa.Column(
            "mjd_obs",
            sa.Double(),
            nullable=True,
            comment="MJD-OBS: start of the exposure, modified Julian date, d",
        ),
        sa.Column(
            "exposure_time_s", sa.Double(), nullable=True, comment="EXPTIME: exposure time, s"
        ),
        sa.Column(
            "ra_deg",
            sa.Double(),
            nullable=True,
            comment="RA: right ascension of the pointing (J2000), deg",
        ),
        sa.Column(
            "dec_deg",
            sa.Double(),
            nullable=True,
            comment="DEC: declination of the pointing (J2000), deg",
        ),
        sa.Column(
            "object_name",
            sa.String(length=255),
            nullable=True,
            comment="OBJECT: object as the product names it",
        ),
        sa.Column("ob_id", sa.BigInteger(), nullable=True, comment="ESO OBS ID: observation block"),
        sa.Column(
            "ob_name",
            sa.String(length=255),
            nullable=True,
            comment="ESO OBS NAME: name of the observation block",
        ),
        sa.Column(
            "program_id",
            sa.String(length=255),
            nullable=True,
            comment="ESO OBS PROG ID: observing programme",
        ),
        sa.Column(
            "template_id",
            sa.String(length=255),
            nullable=True,
            comment="ESO TPL ID: template signature",
        ),
        sa.Column(
            "seeing_start_arcsec",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI FWHM START: site seeing at start, arcsec",
        ),
        sa.Column(
            "seeing_end_arcsec",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI FWHM END: site seeing at end, arcsec",
        ),
        sa.Column(
            "airmass_start",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AIRM START: air mass at start",
        ),
        sa.Column(
            "airmass_end", sa.Double(), nullable=True, comment="ESO TEL AIRM END: air mass at end"
        ),
        sa.Column(
            "tau0_s", sa.Double(), nullable=True, comment="ESO TEL AMBI TAU0: coherence time, s"
        ),
        sa.Column(
            "ia_fwhm_arcsec",
            sa.Double(),
            nullable=True,
            comment="ESO TEL IA FWHM: image analysis FWHM corrected by air mass, arcsec",
        ),
        sa.Column(
            "ground_layer_fraction",
            sa.Double(),
            nullable=True,
            comment="ESO OCS SGS ASM GL900 AVG: share of the turbulence below 900 m",
        ),
        sa.Column(
            "sgs_fwhm_arcsec",
            sa.Double(),
            nullable=True,
            comment="ESO OCS SGS FWHM AVG: slow guiding FWHM, arcsec",
        ),
        sa.Column(
            "ngs_flux",
            sa.Double(),
            nullable=True,
            comment="ESO AOS NGS1 FLUX: flux of the natural guide star",
        ),
        sa.Column(
            "tip_tilt_loop",
            sa.Boolean(),
            nullable=True,
            comment="ESO AOS TT LOOP ST: 1 where the tip-tilt loop is closed",
        ),
        sa.Column(
            "lgs1_simulated",
            sa.Boolean(),
            nullable=True,
            comment="ESO LGS1 LASR1 SWSIM: 1 where laser 1 is simulated",
        ),
        sa.Column(
            "lgs2_simulated",
            sa.Boolean(),
            nullable=True,
            comment="ESO LGS2 LASR2 SWSIM: 1 where laser 2 is simulated",
        ),
        sa.Column(
            "lgs3_simulated",
            sa.Boolean(),
            nullable=True,
            comment="ESO LGS3 LASR3 SWSIM: 1 where laser 3 is simulated",
        ),
        sa.Column(
            "lgs4_simulated",
            sa.Boolean(),
            nullable=True,
            comment="ESO LGS4 LASR4 SWSIM: 1 where laser 4 is simulated",
        ),
        sa.Column(
            "wind_speed_m_s",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI WINDSP: wind speed, m/s",
        ),
        sa.Column(
            "wind_direction_deg",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI WINDDIR: wind direction, deg",
        ),
        sa.Column(
            "temperature_c",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI TEMP: ambient temperature, deg C",
        ),
        sa.Column(
            "humidity_percent",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI RHUM: relative humidity, %",
        ),
        sa.Column(
            "pressure_start_hpa",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI PRES START: air pressure at start, hPa",
        ),
        sa.Column(
            "pwv_start_mm",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI IWV START: precipitable water vapour at start, mm",
        ),
        sa.Column(
            "pwv_end_mm",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AMBI IWV END: precipitable water vapour at end, mm",
        ),
        sa.Column(
            "parallactic_angle_start_deg",
            sa.Double(),
            nullable=True,
            comment="ESO TEL PARANG START: parallactic angle at start, deg",
        ),
        sa.Column(
            "parallactic_angle_end_deg",
            sa.Double(),
            nullable=True,
            comment="ESO TEL PARANG END: parallactic angle at end, deg",
        ),
        sa.Column(
            "altitude_deg",
            sa.Double(),
            nullable=True,
            comment="ESO TEL ALT: altitude at start, deg",
        ),
        sa.Column(
            "azimuth_deg",
            sa.Double(),
            nullable=True,
            comment="ESO TEL AZ: azimuth at start, south 0, west 90, deg",
        ),
        sa.Column(
            "position_angle_deg",
            sa.Double(),
            nullable=True,
            comment="ESO INS DROT POSANG: position angle of the field, deg",
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["target.id"], name=op.f("fk_exposure_target"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposure")),
        sa.UniqueConstraint("archive_id", name=op.f("uq_exposure_archive_id")),
        comment="One exposure of the telescope, however often it was reduced and analysed",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_exposure_date_obs_utc"),
        "exposure",
        ["date_obs_utc"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_exposure_instrument_mode"),
        "exposure",
        ["instrument_mode"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_exposure_ob_id"), "exposure", ["ob_id"], unique=False, if_not_exists=True
    )
    op.create_index(
        op.f("ix_exposure_target_id"), "exposure", ["target_id"], unique=False, if_not_exists=True
    )

    op.create_table(
        "table_column",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the column"
        ),
        sa.Column("table_layout_id", sa.Integer(), nullable=False, comment="Layout it belongs to"),
        sa.Column(
            "position",
            sa.Integer(),
            nullable=False,
            comment="Place of the column in the table, from 1",
        ),
        sa.Column("name", sa.String(length=255), nullable=False, comment="TTYPE"),
        sa.Column("format", sa.String(length=64), nullable=False, comment="TFORM"),
        sa.Column("unit", sa.String(length=255), nullable=True, comment="TUNIT"),
        sa.Column(
            "null_value",
            sa.String(length=255),
            nullable=True,
            comment="TNULL: stands for NULL in the file",
        ),
        sa.Column("scale", sa.Double(), nullable=True, comment="TSCAL"),
        sa.Column("zero", sa.Double(), nullable=True, comment="TZERO"),
        sa.Column("display", sa.String(length=255), nullable=True, comment="TDISP"),
        sa.Column("dimensions", sa.String(length=255), nullable=True, comment="TDIM"),
        sa.Column(
            "stored_in",
            sa.String(length=64),
            nullable=False,
            comment="table.column that holds the values; table_value for the column store",
        ),
        sa.ForeignKeyConstraint(
            ["table_layout_id"],
            ["table_layout.id"],
            name=op.f("fk_table_column_table_layout"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_column")),
        sa.UniqueConstraint(
            "table_layout_id", "position", name=op.f("uq_table_column_table_layout_id_position")
        ),
        comment="One column of a FITS table layout, and where its values are stored",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "asm",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column("time_utc", UTC, nullable=True, comment="TIME_STAMP as UTC"),
        sa.Column(
            "time_stamp",
            sa.String(length=64),
            nullable=True,
            comment="TIME_STAMP as the file has it",
        ),
        sa.Column(
            "wind_direction_10m_deg",
            sa.Double(),
            nullable=True,
            comment="ASM_WINDDIR_10: wind direction 10 m above ground, deg",
        ),
        sa.Column(
            "wind_direction_30m_deg",
            sa.Double(),
            nullable=True,
            comment="ASM_WINDDIR_30: wind direction 30 m above ground, deg",
        ),
        sa.Column(
            "wind_speed_10m_m_s",
            sa.Double(),
            nullable=True,
            comment="ASM_WINDSPEED_10: wind speed 10 m above ground, m/s",
        ),
        sa.Column(
            "wind_speed_30m_m_s",
            sa.Double(),
            nullable=True,
            comment="ASM_WINDSPEED_30: wind speed 30 m above ground, m/s",
        ),
        sa.Column(
            "flux_rms",
            sa.Double(),
            nullable=True,
            comment="ASM_RFLRMS: relative RMS of the monitored star's flux",
        ),
        sa.Column(
            "mass_ground_layer_fraction",
            sa.Double(),
            nullable=True,
            comment="MASS_FRACGL: ground layer fraction by MASS-DIMM",
        ),
        sa.Column(
            "slodar_fraction_300m",
            sa.Double(),
            nullable=True,
            comment="SLODAR_FRACGL_300: share of the turbulence below 300 m by SLODAR",
        ),
        sa.Column(
            "slodar_fraction_500m",
            sa.Double(),
            nullable=True,
            comment="SLODAR_FRACGL_500: share of the turbulence below 500 m by SLODAR",
        ),
        sa.Column(
            "tau0",
            sa.Double(),
            nullable=True,
            comment="ASM_TAU0: coherence time; unit in table_column.unit",
        ),
        sa.Column(
            "ia_fwhm_linear_arcsec",
            sa.Double(),
            nullable=True,
            comment="IA_FWHMLIN: image analysis FWHM, linear fit, arcsec",
        ),
        sa.Column(
            "ia_fwhm_linear_observed_arcsec",
            sa.Double(),
            nullable=True,
            comment="IA_FWHMLINOBS: the same as observed, not corrected by air mass, arcsec",
        ),
        sa.Column(
            "slodar_total_cn2",
            sa.Double(),
            nullable=True,
            comment="SLODAR_TOTAL_CN2: integrated turbulence by SLODAR",
        ),
        sa.Column(
            "r0",
            sa.Double(),
            nullable=True,
            comment="R0: Fried parameter; unit in table_column.unit",
        ),
        sa.Column(
            "ia_fwhm_arcsec",
            sa.Double(),
            nullable=True,
            comment="IA_FWHM: image analysis FWHM corrected by air mass, arcsec",
        ),
        sa.Column("azimuth_deg", sa.Double(), nullable=True, comment="AZ: azimuth, deg"),
        sa.Column("airmass", sa.Double(), nullable=True, comment="AIRMASS: air mass"),
        sa.Column(
            "dimm_seeing_arcsec",
            sa.Double(),
            nullable=True,
            comment="DIMM_SEEING: seeing by DIMM, arcsec",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"], ["exposure.id"], name=op.f("fk_asm_exposure"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_asm")),
        comment="ASM_DATA: a sample of the astronomical site monitor",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "asm_mass_layer",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column(
            "layer",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="MASS layer, 0 to 6",
        ),
        sa.Column(
            "turbulence",
            sa.Double(),
            nullable=True,
            comment="MASS_TURBn: integrated turbulence of the layer; unit in table_column.unit",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_asm_mass_layer_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "exposure_id", "row_index", "layer", name=op.f("pk_asm_mass_layer")
        ),
        comment="ASM_DATA: one MASS layer of the turbulence profile",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "asm_slodar_layer",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column(
            "layer",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="SLODAR layer, 2 to 8",
        ),
        sa.Column(
            "cn2",
            sa.Double(),
            nullable=True,
            comment="SLODAR_CNSQn: turbulence of the layer; unit in table_column.unit",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_asm_slodar_layer_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "exposure_id", "row_index", "layer", name=op.f("pk_asm_slodar_layer")
        ),
        comment="ASM_DATA: one SLODAR layer of the turbulence profile",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "load_issue",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the issue"
        ),
        sa.Column("load_run_id", sa.Integer(), nullable=False, comment="Run that found it"),
        sa.Column(
            "closed_run_id",
            sa.Integer(),
            nullable=True,
            comment="Later run that read the same file or exposure again; NULL while open",
        ),
        sa.Column(
            "exposure_id",
            sa.Integer(),
            nullable=True,
            comment="Exposure it is about; NULL where the file belongs to none",
        ),
        sa.Column(
            "severity",
            sa.String(length=64),
            nullable=False,
            comment="error (something is not in the database), warning or note",
        ),
        sa.Column(
            "code", sa.String(length=64), nullable=False, comment="Short name of the kind of issue"
        ),
        sa.Column("path", LONG_TEXT, nullable=True, comment="File it is about"),
        sa.Column(
            "extension_name",
            sa.String(length=255),
            nullable=True,
            comment="HDU it is about (EXTNAME)",
        ),
        sa.Column(
            "message", LONG_TEXT, nullable=False, comment="One line: where, why, and what to do"
        ),
        sa.ForeignKeyConstraint(
            ["closed_run_id"],
            ["load_run.id"],
            name="fk_load_issue_load_run_closed",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_load_issue_exposure"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["load_run_id"],
            ["load_run.id"],
            name="fk_load_issue_load_run_found",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_issue")),
        comment="What a run found wrong, missing or odd; open until a later run reads the file again",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_load_issue_closed_run_id"),
        "load_issue",
        ["closed_run_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_load_issue_exposure_id"),
        "load_issue",
        ["exposure_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_load_issue_load_run_id"),
        "load_issue",
        ["load_run_id"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "source_file",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the file"
        ),
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure it belongs to"),
        sa.Column("load_run_id", sa.Integer(), nullable=False, comment="Run that loaded it"),
        sa.Column("role", sa.String(length=64), nullable=False, comment="reduced, raw, prm or psf"),
        sa.Column(
            "name",
            sa.String(length=255),
            nullable=False,
            comment="Name of the file without its folder",
        ),
        sa.Column("path", LONG_TEXT, nullable=False, comment="Absolute path it was read from"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, comment="Size in bytes"),
        sa.Column(
            "mtime_ns",
            sa.BigInteger(),
            nullable=False,
            comment="Modification time in nanoseconds since 1970-01-01 UTC",
        ),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=True,
            comment="SHA-256 of the file's bytes without image pixels; NULL where it could not be read",
        ),
        sa.Column(
            "outcome",
            sa.String(length=64),
            nullable=False,
            comment="loaded, or failed (see load_issue)",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_source_file_exposure"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["load_run_id"], ["load_run.id"], name=op.f("fk_source_file_load_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_file")),
        comment="One file of an exposure, as it was when it was loaded",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_source_file_exposure_id"),
        "source_file",
        ["exposure_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_source_file_load_run_id"),
        "source_file",
        ["load_run_id"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        "ix_source_file_role_name",
        "source_file",
        ["role", "name"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "sparta_atm",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column(
            "lgs",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="Laser guide star, 1 to 4",
        ),
        sa.Column("time_utc", UTC, nullable=True, comment="Sec and USec as UTC"),
        sa.Column(
            "time_sec", sa.Integer(), nullable=True, comment="Sec: seconds since 1970-01-01 UTC"
        ),
        sa.Column(
            "time_usec", sa.Integer(), nullable=True, comment="USec: microseconds of the time"
        ),
        sa.Column("r0_m", sa.Double(), nullable=True, comment="LGSn_R0: Fried parameter, m"),
        sa.Column("l0_m", sa.Double(), nullable=True, comment="LGSn_L0: outer scale, m"),
        sa.Column(
            "seeing_arcsec", sa.Double(), nullable=True, comment="LGSn_SEEING: seeing, arcsec"
        ),
        sa.Column(
            "fwhm_gain",
            sa.Double(),
            nullable=True,
            comment="LGSn_FWHM_GAIN: gain in FWHM by the correction",
        ),
        sa.Column(
            "strehl",
            sa.Double(),
            nullable=True,
            comment="LGSn_STREHL: Strehl ratio, in per cent as SPARTA reports it",
        ),
        sa.Column(
            "turvar_res",
            sa.Double(),
            nullable=True,
            comment="LGSn_TURVAR_RES: residual variance of the turbulence",
        ),
        sa.Column(
            "turvar_tot",
            sa.Double(),
            nullable=True,
            comment="LGSn_TURVAR_TOT: total variance of the turbulence",
        ),
        sa.Column(
            "tur_alt",
            sa.Double(),
            nullable=True,
            comment="LGSn_TUR_ALT: share of the turbulence at altitude",
        ),
        sa.Column(
            "tur_gnd",
            sa.Double(),
            nullable=True,
            comment="LGSn_TUR_GND: share of the turbulence at the ground",
        ),
        sa.Column(
            "slope_rms_x",
            sa.Double(),
            nullable=True,
            comment="LGSn_SLOPERMSX: RMS of the wavefront sensor's slopes in x",
        ),
        sa.Column(
            "slope_rms_y",
            sa.Double(),
            nullable=True,
            comment="LGSn_SLOPERMSY: RMS of the wavefront sensor's slopes in y",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_sparta_atm_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", "lgs", name=op.f("pk_sparta_atm")),
        comment="SPARTA_ATM_DATA: one laser guide star at one time",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "sparta_cn2",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column("time_utc", UTC, nullable=True, comment="Sec and USec as UTC"),
        sa.Column(
            "time_sec", sa.Integer(), nullable=True, comment="Sec: seconds since 1970-01-01 UTC"
        ),
        sa.Column(
            "time_usec", sa.Integer(), nullable=True, comment="USec: microseconds of the time"
        ),
        sa.Column("l0_total_m", sa.Double(), nullable=True, comment="L0Tot: outer scale, m"),
        sa.Column("r0_total_m", sa.Double(), nullable=True, comment="r0Tot: Fried parameter, m"),
        sa.Column(
            "seeing_total_arcsec",
            sa.Double(),
            nullable=True,
            comment="seeingTot: seeing of the whole profile, arcsec",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_sparta_cn2_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_sparta_cn2")),
        comment="SPARTA_CN2_DATA: the turbulence profile's totals at one time",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "sparta_cn2_layer",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column(
            "layer",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="Layer of the atmosphere, 1 to 8",
        ),
        sa.Column(
            "altitude",
            sa.Double(),
            nullable=True,
            comment="ALTn: altitude of the layer; unit in table_column.unit",
        ),
        sa.Column(
            "cn2",
            sa.Double(),
            nullable=True,
            comment="CN2_ALTn: refractive index structure constant of the layer",
        ),
        sa.Column(
            "cn2_fraction",
            sa.Double(),
            nullable=True,
            comment="CN2_FRAC_ALTn: the layer's share of the turbulence",
        ),
        sa.Column(
            "l0_m", sa.Double(), nullable=True, comment="L0_ALTn: outer scale of the layer, m"
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_sparta_cn2_layer_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "exposure_id", "row_index", "layer", name=op.f("pk_sparta_cn2_layer")
        ),
        comment="SPARTA_CN2_DATA: one layer of the turbulence profile",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "special_value",
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure"),
        sa.Column(
            "table_name", sa.String(length=64), nullable=False, comment="Table it belongs in"
        ),
        sa.Column(
            "column_name", sa.String(length=64), nullable=False, comment="Column it belongs in"
        ),
        sa.Column(
            "row_key",
            sa.String(length=255),
            nullable=False,
            comment="Primary key of the row, its columns in order, separated by /",
        ),
        sa.Column("value", sa.String(length=64), nullable=False, comment="+inf, -inf or -0.0"),
        sa.ForeignKeyConstraint(
            ["exposure_id"],
            ["exposure.id"],
            name=op.f("fk_special_value_exposure"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "exposure_id", "table_name", "column_name", "row_key", name=op.f("pk_special_value")
        ),
        comment="An infinity or a negative zero; the column it belongs in holds NULL or 0",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "header",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the header"
        ),
        sa.Column("exposure_id", sa.Integer(), nullable=False, comment="Exposure it belongs to"),
        sa.Column("source_file_id", sa.Integer(), nullable=False, comment="File it stands in"),
        sa.Column(
            "hdu_index",
            sa.Integer(),
            nullable=False,
            comment="Position of the HDU in the file, from 0",
        ),
        sa.Column(
            "extension_name",
            sa.String(length=255),
            nullable=False,
            comment="EXTNAME as astropy shows it; PRIMARY for the first HDU, empty where there is none",
        ),
        sa.Column(
            "hdu_type",
            sa.String(length=64),
            nullable=False,
            comment="primary, image, compressed_image, binary_table, ascii_table or other",
        ),
        sa.Column(
            "dimensions",
            sa.String(length=255),
            nullable=False,
            comment="Size of the image (NAXIS1 x NAXIS2 …) or the table (columns x rows); empty if none",
        ),
        sa.Column(
            "card_count",
            sa.Integer(),
            nullable=False,
            comment="Cards as astropy shows them, a CONTINUE string counted once",
        ),
        sa.Column(
            "card_images",
            BLOB,
            nullable=False,
            comment="The header's own 80-character card images from the file, up to END, zlib",
        ),
        sa.Column(
            "table_layout_id",
            sa.Integer(),
            nullable=True,
            comment="Layout of the table; NULL for images",
        ),
        sa.Column(
            "table_row_count",
            sa.Integer(),
            nullable=True,
            comment="Rows of the table; NULL for images",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"], ["exposure.id"], name=op.f("fk_header_exposure"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_file_id"],
            ["source_file.id"],
            name=op.f("fk_header_source_file"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["table_layout_id"], ["table_layout.id"], name=op.f("fk_header_table_layout")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_header")),
        sa.UniqueConstraint(
            "source_file_id", "hdu_index", name=op.f("uq_header_source_file_id_hdu_index")
        ),
        comment="One HDU of a file: its name, kind and whole header",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        "ix_header_exposure_id_extension_name",
        "header",
        ["exposure_id", "extension_name"],
        unique=False,
        if_not_exists=True,
    )
    op.create_index(
        op.f("ix_header_table_layout_id"),
        "header",
        ["table_layout_id"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "psf_fit",
        sa.Column(
            "id", sa.Integer(), autoincrement=True, nullable=False, comment="Number of the fit"
        ),
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure that was analysed"
        ),
        sa.Column(
            "reduced_file_id",
            sa.Integer(),
            nullable=True,
            comment="Reduced cube that was analysed; NULL where it was not found",
        ),
        sa.Column(
            "prm_file_id",
            sa.Integer(),
            nullable=True,
            comment="Parameter file; NULL where it was not found",
        ),
        sa.Column(
            "psf_file_id",
            sa.Integer(),
            nullable=True,
            comment="File with the sources; NULL where it was not found",
        ),
        sa.Column(
            "name", sa.String(length=255), nullable=False, comment="Name of the cube without .fits"
        ),
        sa.Column(
            "model",
            sa.String(length=64),
            nullable=False,
            comment="PSF model: moffat, maoppy or unknown; by folder, else by the parameters' names",
        ),
        sa.Column(
            "prm_file",
            sa.String(length=255),
            nullable=True,
            comment="Name of the parameter file; NULL where it was not found",
        ),
        sa.Column(
            "psf_file",
            sa.String(length=255),
            nullable=True,
            comment="Name of the file with the sources; NULL where it was not found",
        ),
        sa.Column(
            "layer_count",
            sa.Integer(),
            nullable=True,
            comment="Wavelength layers (NAXIS3 of SPECTRA); NULL where unknown",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"], ["exposure.id"], name=op.f("fk_psf_fit_exposure"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["prm_file_id"],
            ["source_file.id"],
            name="fk_psf_fit_source_file_prm",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["psf_file_id"],
            ["source_file.id"],
            name="fk_psf_fit_source_file_psf",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reduced_file_id"],
            ["source_file.id"],
            name="fk_psf_fit_source_file_reduced",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_psf_fit")),
        sa.UniqueConstraint(
            "exposure_id", "name", "model", name=op.f("uq_psf_fit_exposure_id_name_model")
        ),
        comment="One PampelMuse analysis of one reduced cube",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_psf_fit_prm_file"), "psf_fit", ["prm_file"], unique=False, if_not_exists=True
    )
    op.create_index(
        op.f("ix_psf_fit_prm_file_id"), "psf_fit", ["prm_file_id"], unique=False, if_not_exists=True
    )
    op.create_index(
        op.f("ix_psf_fit_psf_file_id"), "psf_fit", ["psf_file_id"], unique=False, if_not_exists=True
    )
    op.create_index(
        op.f("ix_psf_fit_reduced_file_id"),
        "psf_fit",
        ["reduced_file_id"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "ag",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column("header_id", sa.Integer(), nullable=False, comment="HDU of the table"),
        sa.Column(
            "time_utc",
            UTC,
            nullable=True,
            comment="Time of the sample, UTC; NULL where the table has no time that could be read",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"], ["exposure.id"], name=op.f("fk_ag_exposure"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["header_id"], ["header.id"], name=op.f("fk_ag_header"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_ag")),
        comment="AG_DATA: a sample of the autoguider; columns in table_value, view v_ag_data",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(op.f("ix_ag_header_id"), "ag", ["header_id"], unique=False, if_not_exists=True)

    op.create_table(
        "header_card",
        sa.Column("header_id", sa.Integer(), nullable=False, comment="Header"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Place of the card in the header, from 0",
        ),
        sa.Column(
            "keyword_id", sa.Integer(), nullable=False, comment="Keyword and comment of the card"
        ),
        sa.Column(
            "value_type",
            sa.String(length=64),
            nullable=False,
            comment="int, float, bool, str, complex, undefined, commentary or unparsed",
        ),
        sa.Column(
            "value_int",
            sa.BigInteger(),
            nullable=True,
            comment="Value of an integer card, or 0 and 1 of a logical card",
        ),
        sa.Column(
            "value_float", sa.Double(), nullable=True, comment="Value of a floating point card"
        ),
        sa.Column(
            "value_text",
            LONG_TEXT,
            nullable=True,
            comment="Value of a string, the text of COMMENT, HISTORY and blank cards, an integer beyond 64 bits, a complex number, or what astropy could not parse",
        ),
        sa.ForeignKeyConstraint(
            ["header_id"], ["header.id"], name=op.f("fk_header_card_header"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["keyword_id"], ["keyword.id"], name=op.f("fk_header_card_keyword")
        ),
        sa.PrimaryKeyConstraint("header_id", "position", name=op.f("pk_header_card")),
        comment="One card of a header as astropy shows it; repeats, COMMENT and HISTORY included",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        "ix_header_card_keyword_id_header_id",
        "header_card",
        ["keyword_id", "header_id"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "position_parameter",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column(
            "parameter",
            sa.String(length=64),
            nullable=False,
            comment="Name as in the file: A, B, C, D, x0, y0, …",
        ),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Layer of the cube, from 0",
        ),
        sa.Column("value", sa.Double(), nullable=True, comment="polyfit: smooth value, pixels"),
        sa.Column(
            "fit_value",
            sa.Double(),
            nullable=True,
            comment="fit: value fitted to this layer alone; NULL where the file has none",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"],
            ["psf_fit.id"],
            name=op.f("fk_position_parameter_psf_fit"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "psf_fit_id", "parameter", "layer", name=op.f("pk_position_parameter")
        ),
        comment="POSPARS: one parameter of the coordinate transformation of the sources in one layer",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "psf_layer",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Layer of the cube, from 0",
        ),
        sa.Column(
            "wavelength_nm",
            sa.Double(),
            nullable=True,
            comment="(CRVAL3 + layer CDELT3) 1e9 of SPECTRA, nm",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"], ["psf_fit.id"], name=op.f("fk_psf_layer_psf_fit"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("psf_fit_id", "layer", name=op.f("pk_psf_layer")),
        comment="One wavelength layer of a fit",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "psf_parameter",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column(
            "parameter",
            sa.String(length=64),
            nullable=False,
            comment="Name as in the file: beta, fwhm, e, theta, …",
        ),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Layer of the cube, from 0",
        ),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="polyfit: smooth value; fwhm in pixels, theta in radians",
        ),
        sa.Column(
            "fit_value",
            sa.Double(),
            nullable=True,
            comment="fit: value fitted to this layer alone; NULL where the file has none",
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"],
            ["psf_fit.id"],
            name=op.f("fk_psf_parameter_psf_fit"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("psf_fit_id", "parameter", "layer", name=op.f("pk_psf_parameter")),
        comment="PSFPARS: one PSF parameter in one layer",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "psf_parameter_summary",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column(
            "parameter",
            sa.String(length=64),
            nullable=False,
            comment="Name as in the file: beta, fwhm, e, theta, …",
        ),
        sa.Column(
            "wavelength_window_id", sa.Integer(), nullable=False, comment="Wavelength window"
        ),
        sa.Column(
            "sample_count",
            sa.Integer(),
            nullable=False,
            comment="Values in the window that are numbers; NaN and infinities are left out of all statistics",
        ),
        sa.Column("mean", sa.Double(), nullable=True, comment="Arithmetic mean"),
        sa.Column("median", sa.Double(), nullable=True, comment="Median"),
        sa.Column(
            "p10", sa.Double(), nullable=True, comment="10th percentile, linear between values"
        ),
        sa.Column(
            "p90", sa.Double(), nullable=True, comment="90th percentile, linear between values"
        ),
        sa.Column(
            "standard_deviation",
            sa.Double(),
            nullable=True,
            comment="Standard deviation of the population, as STDDEV_POP",
        ),
        sa.Column("minimum", sa.Double(), nullable=True, comment="Smallest value"),
        sa.Column("maximum", sa.Double(), nullable=True, comment="Largest value"),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"],
            ["psf_fit.id"],
            name=op.f("fk_psf_parameter_summary_psf_fit"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["wavelength_window_id"],
            ["wavelength_window.id"],
            name=op.f("fk_psf_parameter_summary_wavelength_window"),
        ),
        sa.PrimaryKeyConstraint(
            "psf_fit_id", "parameter", "wavelength_window_id", name=op.f("pk_psf_parameter_summary")
        ),
        comment="Statistics of one PSF parameter over one wavelength window",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_psf_parameter_summary_wavelength_window_id"),
        "psf_parameter_summary",
        ["wavelength_window_id"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "sgs",
        sa.Column(
            "exposure_id", sa.Integer(), nullable=False, comment="Exposure the sample belongs to"
        ),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table in the file, from 0",
        ),
        sa.Column("header_id", sa.Integer(), nullable=False, comment="HDU of the table"),
        sa.Column(
            "time_utc",
            UTC,
            nullable=True,
            comment="Time of the sample, UTC; NULL where the table has no time that could be read",
        ),
        sa.ForeignKeyConstraint(
            ["exposure_id"], ["exposure.id"], name=op.f("fk_sgs_exposure"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["header_id"], ["header.id"], name=op.f("fk_sgs_header"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exposure_id", "row_index", name=op.f("pk_sgs")),
        comment="SGS_DATA: a sample of the slow guiding system; columns in table_value, view v_sgs_data",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_sgs_header_id"), "sgs", ["header_id"], unique=False, if_not_exists=True
    )

    op.create_table(
        "source",
        sa.Column("psf_fit_id", sa.Integer(), nullable=False, comment="Fit"),
        sa.Column(
            "pampelmuse_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Id that PampelMuse gave: X of PM_X",
        ),
        sa.Column("header_id", sa.Integer(), nullable=False, comment="HDU PM_X of the psf file"),
        sa.Column(
            "sample_count",
            sa.Integer(),
            nullable=False,
            comment="Rows of the source in source_sample",
        ),
        sa.ForeignKeyConstraint(
            ["header_id"], ["header.id"], name=op.f("fk_source_header"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["psf_fit_id"], ["psf_fit.id"], name=op.f("fk_source_psf_fit"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("psf_fit_id", "pampelmuse_id", name=op.f("pk_source")),
        comment="One source (star) of a fit",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_source_header_id"), "source", ["header_id"], unique=False, if_not_exists=True
    )

    op.create_table(
        "table_value",
        sa.Column("header_id", sa.Integer(), nullable=False, comment="HDU of the table"),
        sa.Column("table_column_id", sa.Integer(), nullable=False, comment="Column"),
        sa.Column(
            "row_index",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Row of the table, from 0",
        ),
        sa.Column(
            "element",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Place in a vector column, in the file's order, from 0; 0 for a scalar",
        ),
        sa.Column(
            "value_float",
            sa.Double(),
            nullable=True,
            comment="Floating point value; NULL where the file has NaN or an infinity",
        ),
        sa.Column(
            "value_int", sa.BigInteger(), nullable=True, comment="Integer, or 0 and 1 of a logical"
        ),
        sa.Column(
            "value_text", LONG_TEXT, nullable=True, comment="String, or an integer beyond 64 bits"
        ),
        sa.ForeignKeyConstraint(
            ["header_id"], ["header.id"], name=op.f("fk_table_value_header"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["table_column_id"], ["table_column.id"], name=op.f("fk_table_value_table_column")
        ),
        sa.PrimaryKeyConstraint(
            "header_id", "table_column_id", "row_index", "element", name=op.f("pk_table_value")
        ),
        comment="One value of a FITS table column that has no typed home",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_table_value_table_column_id"),
        "table_value",
        ["table_column_id"],
        unique=False,
        if_not_exists=True,
    )

    op.create_table(
        "source_sample",
        sa.Column(
            "psf_fit_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Fit (psf_fit.id)",
        ),
        sa.Column(
            "pampelmuse_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Id that PampelMuse gave: X of PM_X",
        ),
        sa.Column(
            "layer",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Layer of the cube, from 0",
        ),
        sa.Column("snr", sa.Double(), nullable=True, comment="Signal-to-noise ratio"),
        sa.Column("flux", sa.Double(), nullable=True, comment="Flux in the cube's unit"),
        sa.Column("fwhm", sa.Double(), nullable=True, comment="FWHM of the PSF, pixels"),
        sa.Column("beta", sa.Double(), nullable=True, comment="Moffat beta of the PSF"),
        sa.Column("xc", sa.Double(), nullable=True, comment="Centroid in x, pixels"),
        sa.Column("yc", sa.Double(), nullable=True, comment="Centroid in y, pixels"),
        sa.ForeignKeyConstraint(
            ["psf_fit_id", "pampelmuse_id"],
            ["source.psf_fit_id", "source.pampelmuse_id"],
            name=op.f("fk_source_sample_source"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "psf_fit_id", "pampelmuse_id", "layer", name=op.f("pk_source_sample")
        ),
        comment="PM_X: one source in one layer; the primary key is its only index",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_table(
        "source_summary",
        sa.Column(
            "psf_fit_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Fit (psf_fit.id)",
        ),
        sa.Column(
            "pampelmuse_id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Id that PampelMuse gave: X of PM_X",
        ),
        sa.Column(
            "wavelength_window_id", sa.Integer(), nullable=False, comment="Wavelength window"
        ),
        sa.Column(
            "quantity",
            sa.String(length=64),
            nullable=False,
            comment="Column of source_sample: snr, flux, fwhm, beta, xc or yc",
        ),
        sa.Column(
            "sample_count",
            sa.Integer(),
            nullable=False,
            comment="Values in the window that are numbers; NaN and infinities are left out of all statistics",
        ),
        sa.Column("mean", sa.Double(), nullable=True, comment="Arithmetic mean"),
        sa.Column("median", sa.Double(), nullable=True, comment="Median"),
        sa.Column(
            "p10", sa.Double(), nullable=True, comment="10th percentile, linear between values"
        ),
        sa.Column(
            "p90", sa.Double(), nullable=True, comment="90th percentile, linear between values"
        ),
        sa.Column(
            "standard_deviation",
            sa.Double(),
            nullable=True,
            comment="Standard deviation of the population, as STDDEV_POP",
        ),
        sa.Column("minimum", sa.Double(), nullable=True, comment="Smallest value"),
        sa.Column("maximum", sa.Double(), nullable=True, comment="Largest value"),
        sa.ForeignKeyConstraint(
            ["psf_fit_id", "pampelmuse_id"],
            ["source.psf_fit_id", "source.pampelmuse_id"],
            name=op.f("fk_source_summary_source"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["wavelength_window_id"],
            ["wavelength_window.id"],
            name=op.f("fk_source_summary_wavelength_window"),
        ),
        sa.PrimaryKeyConstraint(
            "psf_fit_id",
            "pampelmuse_id",
            "wavelength_window_id",
            "quantity",
            name=op.f("pk_source_summary"),
        ),
        comment="Statistics of one quantity of one source over one wavelength window",
        if_not_exists=True,
        **OPTIONS,
    )
    op.create_index(
        op.f("ix_source_summary_wavelength_window_id"),
        "source_summary",
        ["wavelength_window_id"],
        unique=False,
        if_not_exists=True,
    )

    windows = sa.table(
        "wavelength_window",
        sa.column("id", sa.Integer),
        sa.column("name", sa.String),
        sa.column("wavelength_min_nm", sa.Double),
        sa.column("wavelength_max_nm", sa.Double),
    )
    op.execute(windows.delete())
    op.bulk_insert(windows, [dict(zip(windows.c.keys(), row, strict=True)) for row in WINDOWS])


def downgrade() -> None:
    if not context.is_offline_mode():
        drop_views(op.get_bind())

    op.drop_table("source_summary", if_exists=True)
    op.drop_table("source_sample", if_exists=True)

    op.drop_table("table_value", if_exists=True)

    op.drop_table("source", if_exists=True)

    op.drop_table("sgs", if_exists=True)

    op.drop_table("psf_parameter_summary", if_exists=True)
    op.drop_table("psf_parameter", if_exists=True)
    op.drop_table("psf_layer", if_exists=True)
    op.drop_table("position_parameter", if_exists=True)

    op.drop_table("header_card", if_exists=True)

    op.drop_table("ag", if_exists=True)

    op.drop_table("psf_fit", if_exists=True)

    op.drop_table("header", if_exists=True)
    op.drop_table("special_value", if_exists=True)
    op.drop_table("sparta_cn2_layer", if_exists=True)
    op.drop_table("sparta_cn2", if_exists=True)
    op.drop_table("sparta_atm", if_exists=True)

    op.drop_table("source_file", if_exists=True)

    op.drop_table("load_issue", if_exists=True)
    op.drop_table("asm_slodar_layer", if_exists=True)
    op.drop_table("asm_mass_layer", if_exists=True)
    op.drop_table("asm", if_exists=True)
    op.drop_table("table_column", if_exists=True)

    op.drop_table("exposure", if_exists=True)
    op.drop_table("wavelength_window", if_exists=True)
    op.drop_table("target", if_exists=True)
    op.drop_table("table_layout", if_exists=True)
    op.drop_table("load_run", if_exists=True)
    op.drop_table("keyword", if_exists=True)
