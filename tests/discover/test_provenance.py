"""Which cubes are one exposure, and which are several: by all that pipelines write."""

import fits_factory as factory
import pytest
from astropy.io import fits
from fits_factory import Tree

from aomuse.discover import discover
from aomuse.discover.archive_names import archive_id_of, without_copy_mark

ONE, TWO = (f"{factory.archive_id(number)}.fits" for number in (1, 2))


def inputs(recipe: int, category: str, *names: str) -> dict[str, str]:
    cards = {}
    for number, name in enumerate(names, 1):
        cards[f"ESO PRO REC{recipe} RAW{number} NAME"] = name
        cards[f"ESO PRO REC{recipe} RAW{number} CATG"] = category
    return cards


def units(exposure: int) -> list[str]:
    return [f"PIXTABLE_OBJECT_000{exposure}-{unit:02d}.fits" for unit in range(1, 25)]


SCIPOST = {"ESO PRO REC1 ID": "muse_scipost"}
#: The reason, and the cards that give it in place of PROV1.
COMBINED = {
    "PROV2": {"PROV1": ONE, "PROV2": TWO},
    "PROV3": {"PROV1": ONE, "PROV2": ONE, "PROV3": TWO},
    "PROV2 alone": {"PROV2": TWO},
    "OBID2": {"OBID1": 200001, "OBID2": 200002},
    "ASSON3": {"ASSON1": "white.fits", "ASSON2": ONE, "ASSON3": TWO},
    "IMCMB002": {"IMCMB001": ONE, "IMCMB002": TWO},
    "NCOMBINE": {"NCOMBINE": 4},
    "NFILES": {"NFILES": 3},
    "ESO DRS MUSE PIXTABLE COMBINED": {"ESO DRS MUSE PIXTABLE COMBINED": 2},
    "MPDAF METH2 ID": {"MPDAF METH1 ID": "zap", "MPDAF METH2 ID": "obj.cubelist.combine"},
    "ESO PRO REC1 ID": {"ESO PRO REC1 ID": "muse_exp_combine", "NCOMBINE": 1},
    "ESO PRO REC2 ID": {**SCIPOST, "ESO PRO REC2 ID": "muse_exp_combine"},
    "ESO PRO REC1 RAW2 NAME": {**SCIPOST, **inputs(1, "PIXTABLE_OBJECT", *units(1), *units(2))},
    "ESO PRO REC1 RAW2 NAME of one name": {
        **SCIPOST,
        **inputs(1, "PIXTABLE_REDUCED", "PIXTABLE_REDUCED_0001.fits", "PIXTABLE_REDUCED_0001.fits"),
    },
    "ESO PRO REC1 RAW2 NAME of raw files": {**SCIPOST, **inputs(1, "OBJECT", ONE, TWO)},
}


def write_cube(tree: Tree, cards: dict[str, object]) -> None:
    cube = factory.reduced(1, **{"PROV1": None, "ARCFILE": ONE} | cards)
    factory.write(tree.root / "single" / "X.fits", cube)


@pytest.mark.parametrize("mark", COMBINED)
def test_a_cube_of_several_exposures_is_not_its_first(tree, mark):
    write_cube(tree, COMBINED[mark])
    found = discover([tree.root])
    assert (found.exposures, found.issues) == ([], [])
    keyword = mark.split(" of ")[0].removesuffix(" alone")
    assert [why for _, why in found.left_out] == [f"combined from several exposures ({keyword})"]


#: As the pipeline writes a cube of one exposure.
SINGLE = {
    "24 units and an illumination": {
        "ESO PRO REC1 ID": "muse_scibasic",
        **inputs(1, "OBJECT", ONE),
        "ESO PRO REC1 RAW2 NAME": TWO,
        "ESO PRO REC1 RAW2 CATG": "ILLUM",
        "ESO PRO REC2 ID": "muse_scipost",
        **inputs(2, "PIXTABLE_OBJECT", *units(1)),
        "ESO PRO DATANCOM": 24,
    },
    "exposures that were treated one by one": {
        "ESO PRO REC1 ID": "muse_scibasic",
        **inputs(1, "OBJECT", ONE, TWO),
        "ESO PRO REC2 ID": "muse_scipost",
        **inputs(2, "PIXTABLE_OBJECT", *units(1)),
    },
    "counts of one": {"PROV1": ONE, "NCOMBINE": 1, "NFILES": 1, "OBID1": 200001, "ASSON1": TWO},
    "a name twice": {"PROV1": ONE, "PROV2": ONE.replace(":", "_")},
    "a method for one cube": {"MPDAF METH1 ID": "drs.cube.subtract_sky"},
}


@pytest.mark.parametrize("mark", SINGLE)
def test_a_cube_of_one_exposure(tree, mark):
    write_cube(tree, SINGLE[mark])
    (found,) = discover([tree.root]).exposures
    assert found.archive_id == factory.archive_id(1)


def test_what_was_loaded_and_is_left_out_now(db, tree):
    """An earlier version took a combined cube for its first exposure."""
    files = tree.add(1)
    combined, alone = (tree.root / "single" / name for name in ("COMBINED.fits", "ALONE.fits"))
    factory.write(combined, factory.reduced(1, TEXPTIME=1200.0))
    factory.write(alone, factory.reduced(2, PROV1=None, ARCFILE=TWO))
    db.load(tree.root)
    for path in (combined, alone):
        fits.setval(path, "NCOMBINE", value=3)
    assert "1 replaced" in db.load(tree.root).out
    names = {row["name"] for row in db.rows("source_file") if row["role"] == "reduced"}
    assert names == {"DATACUBE_0001.fits", "ALONE.fits"}
    told = db.query("SELECT path, message FROM load_issue WHERE code = 'left_out_stored'")
    ((path, message),) = told
    number = db.exposure_id(factory.archive_id(2))
    assert path == str(alone)
    assert f"exposure {number}: delete that row" in message
    db.execute(f"DELETE FROM exposure WHERE id = {number}")
    db.load(tree.root)
    assert [row["archive_id"] for row in db.rows("exposure")] == [factory.archive_id(1)]
    assert db.open_issues("warning") == [("channels_missing", str(files.raw))]


def test_archive_names():
    name = factory.archive_id(5)
    for colon in (":", "_", "-", " ", ".", "%3A", "%3a", "\uff1a"):
        for suffix in ("", ".fits", ".FITS.fz", " (1).fits.fz", " - Copy.fits"):
            spelled = name.replace(":", colon) + suffix
            assert archive_id_of(spelled) == name, spelled
    for other in ("MUSE_WFM_OBS060_0001", f"{name}_x", "2018-08-13T00_05_07"):
        assert archive_id_of(f"{other}.fits.fz") == other


@pytest.mark.parametrize("colon", [":", "_", "-", " ", "%3A"])
@pytest.mark.parametrize("has_arcfile", [True, False])
def test_a_raw_file_and_its_log_whatever_became_of_the_colons(tree, colon, has_arcfile):
    files = tree.add(1)
    name = factory.archive_id(1).replace(":", colon)
    raw = factory.raw(1)
    if not has_arcfile:
        del raw[0].header["ARCFILE"]
    files.raw.unlink()
    factory.write(tree.root / "raw" / f"{name}.fits.fz", raw)
    (tree.root / "raw" / f"{name}.NL.txt").write_text("Weather observations:\n")
    (found,) = discover([tree.root]).exposures
    assert [file.name for file in found.companions] == [f"{name}.NL.txt"]
    assert (found.raw.name, found.issues) == (f"{name}.fits.fz", ())


@pytest.mark.parametrize(
    "name",
    ["X", "X (1)", "X(2)", "X - Copy", "X - Copy (3)", "X copy", "X copy 2", "X (copy)",
     "X (another copy)", "X_copy", "Copy of X", "Kopie von X", "X - Kopie (1) (2)"],
)  # fmt: skip
def test_marks_of_copies(name):
    assert without_copy_mark(name) == "X"
