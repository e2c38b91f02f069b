"""AOMUSE databases as their scripts made them, and what their documents are compared with."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.io import fits
from fits_factory import edit
from sqlalchemy.dialects import mysql
from warehouse import exposures

import aomuse
from aomuse.models import Exposure

#: LONGTEXT: Pony's Json and LongStr on MariaDB.
LONG = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
NAME = sa.String(255)

_DOCUMENTS_2020 = ("data", "psfparams", "sources")
_DOCUMENTS_2023 = (
    *("datacube_header", "raw_exposure_header", "raw_exposure_data", "pampelmuse_params"),
    *("sources", "psf_table", "pampelmuse_catalog", "raman_image_header", "maoppy_data"),
    *("sky_condition_start", "sky_comment_start", "sky_condition_end", "sky_comment_end"),
)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _tables(name_of_target: str, *columns: sa.Column[Any]) -> sa.MetaData:
    """Give the tables of targets and of exposures, which have these columns."""
    tables = sa.MetaData()
    name = sa.Column(name_of_target, NAME, unique=True, nullable=False)
    sa.Table("target", tables, _number(), name)
    target = sa.Column("target", sa.Integer, sa.ForeignKey("target.id"), nullable=False)
    sa.Table("exposure", tables, _number(), *columns, target)
    return tables


_TABLES_2020 = _tables(
    "targetname",
    sa.Column("insmode", NAME, nullable=False),
    sa.Column("analysisfile", NAME, unique=True, nullable=False),
    sa.Column("rawfile", NAME, unique=True),
    *(sa.Column(name, LONG) for name in _DOCUMENTS_2020),
)
_TABLES_2023 = _tables(
    "target_name",
    sa.Column("observation_time", sa.DateTime, unique=True, nullable=False),
    sa.Column("obs_id", sa.BigInteger, nullable=False),
    sa.Column("insmode", NAME, nullable=False),
    sa.Column("raw_exposure_filename", NAME, unique=True),
    sa.Column("prm_filename", NAME, unique=True),
    *(sa.Column(name, LONG) for name in _DOCUMENTS_2023),
    sa.Column("sky_condition_start_time", sa.Double),
    sa.Column("sky_condition_end_time", sa.Double),
)
PROCESSED_2023 = sa.Table(
    "processed_exposure",
    _TABLES_2023,
    _number(),
    sa.Column("observation_time", sa.DateTime, nullable=False),
    sa.Column("insmode", NAME, nullable=False),
    *(sa.Column(name, sa.Double) for name in ("ngs_flux", "glf", "seeing", "airmass", "tau0")),
    sa.Column("degraded", sa.Boolean),
    sa.Column("num_sources", sa.Integer),
    *(sa.Column(name, LONG) for name in ("sgs_data", "sparta_atm", "psf_params")),
    sa.Column("sparta_iq_los_500nm", sa.Double),
    sa.Column("target", sa.Integer, sa.ForeignKey("target.id")),
    sa.Column("exposure", sa.Integer, sa.ForeignKey("exposure.id")),
)

_THREE = [1, 2, 3]
_SOURCE = dict.fromkeys(("snr", "flux", "fwhm", "beta", "xc", "yc"), _THREE)
#: The dummy of the README of 2020.
README: dict[str, dict[str, Any]] = {
    "data": {"PRIMARY": {"RA": 221.0, "DEC": 19.1, "ESO INS MODE": "testMode"}, "ETC": "etc"},
    "psfParams": dict.fromkeys(("beta", "e", "theta", "fwhm", "wavelength"), _THREE),
    "sources": {"PM_1": _SOURCE, "PM_2": _SOURCE, "ETC": "etc"},
}

#: How a document may be encoded, all of which AOMUSE and its users have done.
ENCODINGS: dict[str, Callable[[Any], Any]] = {
    "once": json.dumps,
    "twice": lambda value: json.dumps(json.dumps(value)),
}


class OldDatabase:
    """A database of one generation, filled by a test; it takes the place of an earlier one."""

    def __init__(self, url: str, tables: sa.MetaData) -> None:
        self.url = url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        tables.drop_all(self.engine)
        tables.create_all(self.engine)
        self._target, self._exposure = tables.tables["target"], tables.tables["exposure"]

    def add(self, target: str, **columns: Any) -> int:
        """Add an exposure, and its target if that is new; give its id."""
        (name,) = (c for c in self._target.c if c.name != "id")
        with self.engine.begin() as connection:
            number = connection.scalar(sa.select(self._target.c.id).where(name == target))
            if number is None:
                made = connection.execute(sa.insert(self._target).values({name.name: target}))
                number = made.inserted_primary_key[0]
            made = connection.execute(sa.insert(self._exposure).values(target=number, **columns))
            return int(made.inserted_primary_key[0])

    def add_document(self, document: dict[str, Any], encoding: str = "once", **columns: Any) -> int:
        """Add a document of 2020, whose keys are the names of the columns; give its id."""
        row = {
            key.lower(): ENCODINGS[encoding](value) if key in README else value
            for key, value in document.items()
        }
        return self.add(row.pop("targetname"), **row | columns)

    def change(self, number: int, **columns: Any) -> None:
        """Change columns of an exposure."""
        with self.engine.begin() as connection:
            where = self._exposure.c.id == number
            connection.execute(sa.update(self._exposure).where(where).values(columns))

    def rows(self) -> list[tuple[Any, ...]]:
        """Give all rows of all tables."""
        with self.engine.connect() as connection:
            return [
                (name, *row)
                for name in sorted(sa.inspect(connection).get_table_names())
                for row in connection.execute(sa.text(f"SELECT * FROM {name} ORDER BY id"))
            ]


#: What makes an empty database at a URL.
database_2020 = partial(OldDatabase, tables=_TABLES_2020)
database_2023 = partial(OldDatabase, tables=_TABLES_2023)


def row_2020(letter: str, number: int, **columns: Any) -> dict[str, Any]:
    """Give an exposure of the database of a letter, whose values no other one has."""
    base = 1000.0 * ord(letter) + number
    params = {"fwhm": [base, base + 0.25], "beta": [2.5, 3.5], "wavelength": [475.0, 476.25]}
    header = {"RA": base, "ESO OBS TARG NAME": "M 54"}
    given = {
        "insmode": "WFM-AO-N",
        "analysisfile": f"{letter}_{number}.prm.fits",
        "rawfile": f"MUSE.20{ord(letter) % 100:02d}-08-12T23:{number:02d}:30.000.fits.fz",
        "data": json.dumps({"PRIMARY": header}),
        "psfparams": json.dumps(params),
        "sources": json.dumps({"PM_1": {"snr": [base, base + 1]}}),
    }
    return given | columns


def exact(value: Any) -> Any:
    """Give a value so that equality tells types, order of keys, NaN and the sign of zero."""
    if isinstance(value, dict):
        return [(key, exact(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [exact(item) for item in value]
    return type(value).__name__, repr(value)


def assert_sessions_show(url: str, documents: list[dict[str, Any]]) -> None:
    """Compare the objects of a session with documents of one analysis each."""
    with aomuse.connect(url).session() as session:
        for document in documents:
            wanted = sa.select(Exposure).filter_by(raw_file=document["rawFile"])
            exposure = session.scalars(wanted).one()
            (fit,) = exposure.psf_fits
            assert exact(exposure.data()) == exact(document["data"])
            assert exact(fit.psf_params()) == exact(document["psfParams"])
            assert exact(fit.sources()) == exact(document["sources"])


#: What documents fill as files do.
_TABLES = (
    *("exposure", "sparta_atm", "sparta_cn2", "sparta_cn2_layer", "asm", "sgs", "ag"),
    *("psf_fit", "psf_layer", "psf_parameter", "psf_parameter_summary", "source", "source_sample"),
    *("source_summary", "psf_field", "exposure_metric", "psf_fit_metric"),
    *("exposure_laser_metric", "exposure_laser"),
)


def assert_as_from_files(imported: sa.Engine, loaded: sa.Engine) -> None:
    """Compare the rows of exposures that were imported with those that were loaded."""
    given, wanted = (sorted(exposures(engine).items()) for engine in (imported, loaded))
    for table in _TABLES:
        # Documents do not tell the last one, the fitted values.
        columns = slice(-1 if table == "psf_parameter" else None)
        one, other = (
            [(name, [row[columns] for row in tables[table]]) for name, tables in each]
            for each in (given, wanted)
        )
        assert any(rows for _, rows in one), table
        assert repr(one) == repr(other), table


# A night of which JSON, FITS and a database hold much in different ways


def _header(hdus: fits.HDUList) -> None:
    header = hdus[0].header
    header["ESO OBS TARG NAME"] = "O'Brien \"7\"; -- \\ 'x"
    header.append(("REPEATED", 1, "first"), end=True)
    header.append(("REPEATED", 2, "second"), end=True)
    header["HISTORY"] = "one more line"
    header["NEGZERO"] = -0.0
    header["BIG"] = 123456789012345678901234567890
    header["UNSET"] = (None, "no value")
    header["EMPTY"] = ""
    header["LONG"] = "x " * 100 + "end"


def _source(hdus: fits.HDUList) -> None:
    hdus[1].data["flux"][:4] = [np.nan, np.inf, -np.inf, -0.0]
    hdus[1].data["xc"][:] = np.nan


def _telemetry(hdus: fits.HDUList) -> None:
    del hdus["AG_DATA"]
    hdus["SPARTA_ATM_DATA"].data["LGS1_STREHL"][:2] = [np.inf, -0.0]


def _parameter(hdus: fits.HDUList) -> None:
    hdus["PSFPARS"].data["polyfit"][1, :3] = [np.inf, -0.0, np.nan]


def make_odd(exposures: Sequence[Any]) -> None:
    """Make something odd in the files of the first three exposures."""
    edit(exposures[0].reduced, _header)
    edit(exposures[1].psf, _source)
    edit(exposures[1].raw, _telemetry)
    edit(exposures[2].prm, _parameter)
