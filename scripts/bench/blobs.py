"""A rival: three JSON blobs for each exposure, as AOMUSE 2020 kept them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.io import fits

TABLES = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
#: As PonyORM made them: a JSON column is a LONGTEXT that the server parses to see if it is JSON.
CREATE = """CREATE TABLE blob_exposure (
  id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) UNIQUE, target VARCHAR(255),
  data JSON, psfparams JSON, sources JSON) ENGINE=InnoDB"""


def _header(header: fits.Header) -> dict[str, Any]:
    # Commentary and undefined cards stopped the script of 2020: they are left out.
    return {
        keyword: value
        for keyword, value in header.items()
        if keyword not in ("COMMENT", "HISTORY", "") and isinstance(value, str | int | float)
    }


def _table(table: fits.FITS_rec) -> dict[str, Any]:
    return {name: np.asarray(table[name]).tolist() for name in table.names}


def read(root: Path, prm: Path) -> tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return name, target and the three blobs of an analysis."""
    stem = prm.name.removesuffix(".prm.fits")
    with fits.open(root / "single" / f"{stem}.fits") as hdus:
        header = hdus[0].header
        data: dict[str, Any] = {"PRIMARY": _header(header)}
        raw, target = header["PROV1"], header["ESO OBS TARG NAME"]
    with fits.open(root / "raw" / f"{raw}.fz") as hdus:
        for hdu in hdus:
            if hdu.name.startswith("CHAN"):
                data[hdu.name] = _header(hdu.header)
        for name in TABLES:
            data[name] = _table(hdus[name].data) if name in hdus else None
    with fits.open(prm) as hdus:
        table, axis = hdus["PSFPARS"].data, hdus["SPECTRA"].header
        params = {n: v.tolist() for n, v in zip(table["name"], table["polyfit"], strict=True)}
        layers = np.arange(axis["NAXIS3"])
        params["wavelength"] = ((axis["CRVAL3"] + layers * axis["CDELT3"]) * 10**9).tolist()
    with fits.open(prm.with_name(f"{stem}.psf.fits")) as hdus:
        sources = {hdu.name: _table(hdu.data) for hdu in hdus if hdu.name.startswith("PM_")}
    return prm.name, target, data, params, sources


def load(url: str, root: Path) -> int:
    """Load all analyses of a tree as blobs, twice encoded as they were; return their number.

    Through PyMySQL, as PonyORM did.
    """
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="mysql+pymysql"),
        connect_args={"max_allowed_packet": 1 << 30},
    )
    with engine.begin() as connection:
        connection.exec_driver_sql(CREATE)
    names = sorted((root / "analysis").glob("*.prm.fits"))
    for prm in names:
        name, target, *blobs = read(root, prm)
        encoded = [json.dumps(json.dumps(blob)) for blob in blobs]
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO blob_exposure (name, target, data, psfparams, sources)"
                " VALUES (%s, %s, %s, %s, %s)",
                (name, target, *encoded),
            )
    return len(names)


def mean_fwhm(engine: sa.Engine) -> dict[tuple[int, str], float]:
    """Return the mean FWHM of each source of each exposure, from the blobs."""
    result = {}
    with engine.connect() as connection:
        ids = connection.exec_driver_sql("SELECT id FROM blob_exposure").scalars().all()
        for number in ids:
            blob = connection.exec_driver_sql(
                "SELECT sources FROM blob_exposure WHERE id = ?", (number,)
            ).scalar_one()
            for name, source in json.loads(json.loads(blob)).items():
                fwhm = source.get("fwhm") or source.get("FWHM")
                result[number, name] = float(np.nanmean(np.array(fwhm, dtype=float)))
    return result
