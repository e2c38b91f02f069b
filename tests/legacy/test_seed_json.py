"""The export gives what AOMUSE 2020 read from the same files, which is written down here again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from astropy.io import fits
from backends import on_sqlite
from fits_factory import leave_one_channel
from loaded import tree_of
from old_databases import exact, make_odd

from aomuse.simulate import simulate

TABLES = ("SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA")
EXPOSURES = 6


def header_as_dict(header: fits.Header) -> dict[str, Any]:
    """Give ``dict(header)`` as JSON can hold it."""
    lists = ("COMMENT", "HISTORY", "")
    found = {key: list(map(str, header[key])) if key in lists else header[key] for key in header}
    return {k: None if isinstance(v, fits.card.Undefined) else v for k, v in found.items()}


def table_as_dict(table: fits.FITS_rec) -> dict[str, list[Any]]:
    return {
        column.name: np.asarray(table.field(i)).tolist() for i, column in enumerate(table.columns)
    }


def seed_document(root: Path, prm: Path) -> dict[str, Any]:
    """Read the files of one analysis as the script of 2020 did."""
    reduced = root / "single" / prm.name.replace(".prm.fits", ".fits")
    with fits.open(reduced) as hdus:
        header = hdus[0].header
        data: dict[str, Any] = {"PRIMARY": header_as_dict(header)}
        data["PRIMARY"].pop("COMMENT", None)
        target = header.get("ESO OBS TARG NAME") or header["OBJECT"]
        mode, raw = header["ESO INS MODE"], header["PROV1"] + ".fz"
    found = [root / "raw" / raw, root / "raw" / raw.removesuffix(".fz")]
    with fits.open(next(path for path in found if path.exists())) as hdus:
        names = [hdu.name for hdu in hdus]
        for name in names:
            if name.startswith("CHAN"):
                data[name] = header_as_dict(hdus[name].header)
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
    make_odd(exposures)
    plain = exposures[3].raw
    with fits.open(plain) as hdus:
        images = {h.name: fits.ImageHDU(h.data, h.header, h.name) for h in hdus if h.is_image}
        made = [hdus[0].copy(), *(images.get(h.name) or h.copy() for h in hdus[1:])]
        fits.HDUList(made).writeto(plain.with_suffix(""))
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


@pytest.mark.usefixtures("slow")
def test_export_gives_what_the_seed_stored(db, tree, tmp_path, seed_documents):
    assert f"{EXPOSURES} loaded" in db.load(tree).out
    db.succeed("export", "seed-json", tmp_path)
    for path, document in seed_documents.items():
        exported = json.loads((tmp_path / path).read_text())
        assert exact(exported) == exact(json.loads(json.dumps(document))), path
    assert len(seed_documents) > EXPOSURES
    assert len(list(tmp_path.rglob("*.json"))) == len(seed_documents)

    names = ["DATACUBE_FINAL_Barnardsstar_0003.prm.fits", "DATACUBE_FINAL_M54_0004.prm.fits"]
    some = tmp_path / "some"
    db.succeed("export", "seed-json", some, "--prm", *names)
    written = {str(path.relative_to(some)) for path in some.rglob("*.json")}
    assert written == {*(f"{name}.json" for name in names), f"maoppy/{names[0]}.json"}
    line = db.fail("export", "seed-json", some, "--prm", "nope", code=2)
    assert "no analysis comes from a parameter file called nope" in line


#: Texts in the database, of which none is a path out of the export's folder.
NAMES = (
    "../../out.prm.fits",
    "/tmp/aomuse-absolute.prm.fits",
    "C:\\absolute.prm.fits",
    "a\x00b.prm.fits",
    "x" * 244 + ".prm.fits",
    "..",
    "NUL.prm.fits",
    "a\x1b[31mb\nc.prm.fits",
)


@pytest.fixture
def twice(db, tmp_path):
    """Give a warehouse of two exposures with an analysis each."""
    db.load(tree_of(tmp_path / "night", 2).root)
    return db


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@on_sqlite
def test_every_file_stays_in_the_folder(twice, tmp_path):
    """Both analyses have the name: the second one goes below a folder of its model's name."""
    for number, name in enumerate(NAMES):
        with twice.engine.begin() as connection:
            update = sa.text("UPDATE psf_fit SET prm_file = :name, model = '../../m'")
            connection.execute(update, {"name": name})
        before, out = files_in(tmp_path), tmp_path / "deep" / str(number)
        done = twice.succeed("export", "seed-json", out)
        assert len(done.out.splitlines()) == 3
        written = files_in(tmp_path) - before
        assert len(written) == 2
        assert written == files_in(out)
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
        assert not Path("/tmp/aomuse-absolute.prm.fits.json").exists()


@on_sqlite
def test_a_link_out_of_the_folder_is_not_followed(twice, tmp_path):
    twice.execute("UPDATE psf_fit SET prm_file = 'same.prm.fits'")
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (out / twice.scalar("SELECT DISTINCT model FROM psf_fit")).symlink_to(elsewhere)
    assert "is a link out of" in twice.fail("export", "seed-json", out, code=2)
    assert list(elsewhere.iterdir()) == []
