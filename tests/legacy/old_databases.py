"""AOMUSE databases as their scripts made them, and what their documents are compared with."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.io import fits
from fits_factory import edit
from warehouse import execute, exposures

import aomuse
from aomuse.models import Exposure

_ID, _NAME = "id INTEGER NOT NULL PRIMARY KEY", "VARCHAR(255)"
_TABLES_2020 = {
    "target": f"{_ID}, targetname {_NAME} NOT NULL UNIQUE",
    "exposure": f"""{_ID}, insmode {_NAME} NOT NULL, analysisfile {_NAME} NOT NULL UNIQUE,
        rawfile {_NAME} UNIQUE, data LONGTEXT, psfparams LONGTEXT, sources LONGTEXT,
        target INTEGER NOT NULL, FOREIGN KEY (target) REFERENCES target (id)""",
}
_TABLES_2023 = {
    "target": f"{_ID}, target_name {_NAME} NOT NULL UNIQUE",
    "exposure": f"""{_ID}, observation_time DATETIME NOT NULL UNIQUE, obs_id BIGINT NOT NULL,
        insmode {_NAME} NOT NULL, raw_exposure_filename {_NAME} UNIQUE, prm_filename {_NAME} UNIQUE,
        datacube_header LONGTEXT, raw_exposure_header LONGTEXT, raw_exposure_data LONGTEXT,
        pampelmuse_params LONGTEXT, sources LONGTEXT, psf_table LONGTEXT,
        pampelmuse_catalog LONGTEXT, raman_image_header LONGTEXT, maoppy_data LONGTEXT,
        sky_condition_start LONGTEXT, sky_comment_start LONGTEXT, sky_condition_start_time DOUBLE,
        sky_condition_end LONGTEXT, sky_comment_end LONGTEXT, sky_condition_end_time DOUBLE,
        target INTEGER NOT NULL, FOREIGN KEY (target) REFERENCES target (id)""",
    "processed_exposure": f"""{_ID}, observation_time DATETIME NOT NULL, insmode {_NAME} NOT NULL,
        ngs_flux DOUBLE, glf DOUBLE, seeing DOUBLE, airmass DOUBLE, tau0 DOUBLE, degraded BOOLEAN,
        num_sources INTEGER, sgs_data LONGTEXT, sparta_atm LONGTEXT, psf_params LONGTEXT,
        sparta_iq_los_500nm DOUBLE, target INTEGER, exposure INTEGER,
        FOREIGN KEY (target) REFERENCES target (id),
        FOREIGN KEY (exposure) REFERENCES exposure (id)""",
}

_THREE = [1, 2, 3]
_SOURCE = dict.fromkeys(("snr", "flux", "fwhm", "beta", "xc", "yc"), _THREE)
#: The dummy of the README of 2020.
README: dict[str, dict[str, Any]] = {
    "data": {"PRIMARY": {"RA": 221.0, "DEC": 19.1, "ESO INS MODE": "testMode"}, "ETC": "etc"},
    "psfParams": dict.fromkeys(("beta", "e", "theta", "fwhm", "wavelength"), _THREE),
    "sources": {"PM_1": _SOURCE, "PM_2": _SOURCE, "ETC": "etc"},
}


def encoded_twice(value: Any) -> str:
    """Encode a document as it may be too, since AOMUSE and its users have done that."""
    return json.dumps(json.dumps(value))


class OldDatabase:
    """A database of one generation, filled by a test; it takes the place of an earlier one."""

    def __init__(self, url: str, tables: dict[str, str]) -> None:
        self.url = url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        execute(
            self.engine,
            *(f"DROP TABLE IF EXISTS {name}" for name in reversed(tables)),
            *(f"CREATE TABLE {name} ({columns})" for name, columns in tables.items()),
        )
        self._tables = sa.MetaData()
        self._tables.reflect(self.engine)

    def insert(self, table: str, **columns: Any) -> int:
        """Add a row; give its id."""
        into = self._tables.tables[table]
        with self.engine.begin() as connection:
            number = (connection.scalar(sa.select(sa.func.max(into.c.id))) or 0) + 1
            connection.execute(sa.insert(into).values(id=number, **columns))
        return number

    def add(self, target: str, **columns: Any) -> int:
        """Add an exposure, and its target if that is new; give its id."""
        name = self._tables.tables["target"].c[1]
        known = {text: number for table, number, text, *_ in self.rows() if table == "target"}
        number = known.get(target) or self.insert("target", **{name.name: target})
        return self.insert("exposure", target=number, **columns)

    def add_document(
        self, document: dict[str, Any], encode: Any = json.dumps, **columns: Any
    ) -> int:
        """Add a document of 2020, whose keys are the names of the columns; give its id."""
        row = {
            key.lower(): encode(value) if key in README else value
            for key, value in document.items()
        }
        return self.add(row.pop("targetname"), **row | columns)

    def change(self, number: int, **columns: Any) -> None:
        """Change columns of an exposure."""
        with self.engine.begin() as connection:
            exposure = self._tables.tables["exposure"]
            connection.execute(sa.update(exposure).where(exposure.c.id == number).values(columns))

    def rows(self) -> list[tuple[Any, ...]]:
        """Give all rows of all tables."""
        tables = self._tables.sorted_tables
        with self.engine.connect() as connection:
            return [(t.name, *row) for t in tables for row in connection.execute(sa.select(t))]


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
        return "dict", [(key, exact(item)) for key, item in value.items()]
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
    given, wanted = exposures(imported), exposures(loaded)
    assert given.keys() == wanted.keys()
    for table in _TABLES:
        # Documents do not tell the last one, the fitted values.
        columns = slice(-1 if table == "psf_parameter" else None)
        for name in given:
            one, other = ([row[columns] for row in each[name][table]] for each in (given, wanted))
            assert repr(one) == repr(other), (name, table)
        assert any(given[name][table] for name in given), table


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
