"""The export against what AOMUSE 2020 read from the same files, written down here once more."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from fits_factory import leave_one_channel
from old_databases import exact
from warehouse import aomuse, succeed

from aomuse.simulate import simulate

pytestmark = pytest.mark.usefixtures("slow")

TABLES = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
EXPOSURES = 6


def header_as_dict(header: fits.Header, *, drop_comment: bool) -> dict[str, Any]:
    """Give ``dict(header)`` as JSON can hold it."""
    result: dict[str, Any] = {}
    for keyword in header:
        value = header[keyword]
        if keyword in ("COMMENT", "HISTORY", ""):
            value = [str(line) for line in value]
        elif isinstance(value, fits.card.Undefined):
            value = None
        result[keyword] = value
    if drop_comment:
        result.pop("COMMENT", None)
    return result


def table_as_dict(table: fits.FITS_rec) -> dict[str, list[Any]]:
    return {
        column.name: np.asarray(table.field(i)).tolist() for i, column in enumerate(table.columns)
    }


def seed_document(root: Path, prm: Path) -> dict[str, Any]:
    """Read the files of one analysis as the script of 2020 did."""
    reduced = root / "single" / prm.name.replace(".prm.fits", ".fits")
    with fits.open(reduced) as hdus:
        header = hdus[0].header
        data: dict[str, Any] = {"PRIMARY": header_as_dict(header, drop_comment=True)}
        target = header.get("ESO OBS TARG NAME") or header["OBJECT"]
        mode, raw = header["ESO INS MODE"], header["PROV1"] + ".fz"
    found = [root / "raw" / raw, root / "raw" / raw.removesuffix(".fz")]
    with fits.open(next(path for path in found if path.exists())) as hdus:
        names = [hdu.name for hdu in hdus]
        for name in names:
            if name.startswith("CHAN"):
                data[name] = header_as_dict(hdus[name].header, drop_comment=False)
        for name in TABLES:
            data[name] = table_as_dict(hdus[name].data) if name in names else None
    with fits.open(prm) as hdus:
        table, axis = hdus["PSFPARS"].data, hdus["SPECTRA"].header
        params = {n: v.tolist() for n, v in zip(table["name"], table["polyfit"], strict=True)}
        layers = np.arange(axis["NAXIS3"])
        params["wavelength"] = ((axis["CRVAL3"] + layers * axis["CDELT3"]) * 10**9).tolist()
    with fits.open(prm.with_name(prm.name.replace(".prm.", ".psf."))) as hdus:
        sources = {hdu.name: table_as_dict(hdu.data) for hdu in hdus if "PM_" in hdu.name}
    return {
        "targetName": target,
        "insMode": mode,
        "analysisFile": prm.name,
        "rawFile": raw,
        "data": data,
        "psfParams": params,
        "sources": sources,
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Give a night with all modes, in which much is odd or missing; one has all channels."""
    root = tmp_path_factory.mktemp("night")
    exposures = simulate(root, exposures=EXPOSURES, sources=3, layers=17, seed=3)
    leave_one_channel(root, but=exposures[3].raw)
    with fits.open(exposures[0].reduced, mode="update") as hdus:
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
    with fits.open(exposures[1].psf, mode="update") as hdus:
        table = hdus[1].data
        table["flux"][:4] = [np.nan, np.inf, -np.inf, -0.0]
        table["xc"][:] = np.nan
    with fits.open(exposures[1].raw, mode="update") as hdus:
        del hdus["AG_DATA"]
        hdus["SPARTA_ATM_DATA"].data["LGS2_STREHL"][:2] = [np.inf, -0.0]
    with fits.open(exposures[2].prm, mode="update") as hdus:
        hdus["PSFPARS"].data["polyfit"][1, :3] = [np.inf, -0.0, np.nan]
    plain = exposures[3].raw
    with fits.open(plain) as hdus:
        uncompressed = fits.HDUList(
            [
                fits.ImageHDU(hdu.data, hdu.header, hdu.name)
                if isinstance(hdu, fits.CompImageHDU)
                else hdu.copy()
                for hdu in hdus
            ]
        )
        uncompressed.writeto(plain.with_suffix(""))
    plain.unlink()
    return root


@pytest.fixture(scope="module")
def seed_documents(tree):
    """Give what the script of 2020 made of the analyses, by the path of the export.

    The second analysis of an exposure is in a folder with the name of its PSF model.
    """
    folder = tree / "analysis"
    return {
        prm.relative_to(folder).with_name(f"{prm.name}.json"): seed_document(tree, prm)
        for prm in sorted(folder.rglob("*.prm.fits"))
    }


def test_export_gives_what_the_seed_stored(db_url, tree, tmp_path, seed_documents):
    assert f"{EXPOSURES} loaded" in succeed(db_url, "load", tree).out
    succeed(db_url, "export", "seed-json", tmp_path)
    for path, document in seed_documents.items():
        exported = json.loads((tmp_path / path).read_text())
        assert exact(exported) == exact(json.loads(json.dumps(document))), path
    assert len(seed_documents) > EXPOSURES
    assert len(list(tmp_path.rglob("*.json"))) == len(seed_documents)

    names = ["DATACUBE_FINAL_Barnardsstar_0003.prm.fits", "DATACUBE_FINAL_M54_0004.prm.fits"]
    some = tmp_path / "some"
    succeed(db_url, "export", "seed-json", some, "--prm", *names)
    written = {str(path.relative_to(some)) for path in some.rglob("*.json")}
    assert written == {*(f"{name}.json" for name in names), f"maoppy/{names[0]}.json"}
    done = aomuse(db_url, "export", "seed-json", some, "--prm", "nope")
    assert (done.code, len(done.errors)) == (2, 1)
    assert "no analysis comes from a parameter file called nope" in done.err
