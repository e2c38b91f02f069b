"""Documents that nobody would have written, some that everybody did, and any others."""

import json
from functools import cache
from typing import Any

from backends import on_sqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from old_databases import README, exact

from aomuse.legacy.differences import difference

NAN, INF = float("nan"), float("inf")

#: Parts of documents; what is not named is None.
ODD: dict[str, dict[str, Any]] = {
    "the README's": README,
    "empty": {"data": {}, "psfParams": {}, "sources": {}},
    "null": {"data": None, "psfParams": None, "sources": None},
    "lists": {"data": [1, "a"], "psfParams": [[1.5]], "sources": [{"PM_1": 1}]},
    "scalars": {"data": 5, "psfParams": 1.5, "sources": True},
    "odd headers": {
        "data": {
            "ZZZ": {"A": 1},
            "CHAN02": {"GAIN": 1.5, "X": None, "N": NAN, "I": -INF, "Z": -0.0, "B": 2**70},
            "CHAN01": {"HISTORY": ["a", "b"], "COMMENT": "one text", "": ["blank"], "H": []},
            "PRIMARY": {"K" * 200: 1, "LIST": [1, 2], "DICT": {"a": None}, "T": True, "E": ""},
            "CHAN24": None,
            "SGS_DATA": None,
        },
    },
    "odd tables": {
        "data": {
            "PRIMARY": {"PROV1": "MUSE.2018-08-12T23:57:30.000.fits"},
            "ASM_DATA": {
                "TIME_STAMP": ["2018-08-12T23:57", "x  ", ""],
                "AIRMASS": [1, 2.5, None],
                "DIMM_SEEING": [NAN, INF, -0.0],
                "FLAG": [True, False, True],
                "MIXED": [1, "a", None],
                "VECTOR": [[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]],
                "CUBE": [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]],
                "WORDS": [["a", "bc"], ["d", ""], ["e ", "f"]],
                "RAGGED": [[1.5], [], [2.5, 3.5]],
                "BIG": [2**63, 1, 2**70],
                "LONG": [2**40, -(2**40), 0],
                "NOTHING": [None, None, None],
                "SHORT": [1.5],
                "SCALAR": 7,
                "é" * 300: [1.5, 2.5, 3.5],
            },
            "SPARTA_ATM_DATA": {"Sec": [1.5, 2.5], "USec": ["a", "b"], "LGS1_R0": [1, 2]},
            "SPARTA_CN2_DATA": {},
            "SGS_DATA": "text",
            "AG_DATA": {"x": []},
            "NEW_DATA": {"A": [1, 2], "B": [[1], [2]]},
        },
    },
    "odd parameters": {
        "psfParams": {
            "wavelength": [475.0, NAN, 477.5],
            "fwhm": [1.5, NAN, INF],
            "beta": [2, 3, 4],
            "scalar": 1.5,
            "text": "none",
        },
        "sources": {
            "PM_7": {"snr": [1.5, None, -0.0], "flux": [1, 2, 3], "name": ["a", "b", "c"]},
            "PM_x": {"snr": [1.5]},
            "PM_007": {"snr": [1.5, 2.5, 3.5]},
            "PM_8": None,
            "PM_9": {},
        },
    },
    "ragged parameters": {
        "psfParams": {"fwhm": [1.5, 2.5], "beta": [2.5], "wavelength": "none"},
        "sources": {"PM_1": {"snr": [1.5], "flux": [1.5, 2.5]}},
    },
    "no layers": {
        "psfParams": {"fwhm": [], "beta": [], "wavelength": []},
        "sources": {"PM_1": {"snr": [], "flux": []}},
    },
}

NOTHING = dict.fromkeys(README)
PARAMS = {"fwhm": [1.5, 2.5], "beta": [2.5, 3.5], "wavelength": [475.0, 476.25]}
NAMES = {"targetName": "M 54", "insMode": "x"}


def test_they_come_out_as_they_went_in(old_2020, db):
    wanted = [
        NAMES | {"analysisFile": f"{name}.prm.fits", "rawFile": f"{name} raw"} | NOTHING | parts
        for name, parts in sorted(ODD.items())
    ]
    for document in wanted:
        old_2020.add_document(document)
    db.imports(old_2020, f"{len(ODD)} loaded")
    assert exact(db.export()) == exact(json.loads(json.dumps(wanted)))
    with db.unchanged():
        db.imports(old_2020, f"{len(ODD)} unchanged")


@on_sqlite
def test_layers_that_disagree_are_an_issue_and_nothing_is_lost(old_2020, db):
    sources = {"PM_1": {"snr": [1.5, 2.5, 3.5]}}
    old_2020.add_document(
        NAMES | NOTHING | {"psfParams": PARAMS, "sources": sources}, analysisfile="X"
    )
    db.fail("import-blobs", old_2020.url)
    assert db.codes() == ["layers_disagree"]
    (exported,) = db.export()
    assert exact([exported["psfParams"], exported["sources"]]) == exact([PARAMS, sources])
    assert db.count("psf_parameter") == 4


#: Sources of an exposure whose other parts are whole.
BROKEN = {
    "cut short": '{"PM_1": {"snr": [1.5, 2.5',
    "cut within a string": '{"PM_1": {"sn',
    "cut and encoded twice": json.dumps('{"PM_1": {"snr": [1.5, 2.5'),
    "no JSON": "snr: 1.5",
    "a text": '"nothing of the kind"',
    "half a surrogate pair": '{"PM_1": {"snr\\ud800": [1.5]}}',
    "nested without end": "[" * 100_000,
    "a number without end": "[" + "9" * 5000 + "]",
    "not UTF-8": b'{"PM_1": "\xff"}',
}


@on_sqlite
def test_a_document_that_cannot_be_parsed_is_an_issue_and_the_rest_is_imported(old_2020, db):
    document = {**NAMES, "data": {"PRIMARY": {"RA": 1.5}}, "psfParams": PARAMS, "sources": None}
    broken = {
        old_2020.add_document(document, analysisfile=f"{name}.prm.fits", sources=text): name
        for name, text in BROKEN.items()
    }
    old_2020.add_document(document, analysisfile="whole", psfparams=json.dumps(PARAMS).encode())
    done = db.run("import-blobs", old_2020.url)
    assert (done.code, len(done.errors)) == (1, len(BROKEN))
    assert "not UTF-8" in done.errors[-1]
    assert f"{len(BROKEN) + 1} loaded" in done.out
    issues = [(code, path.rpartition("#")[2]) for code, path in db.open_issues()]
    assert sorted(issues) == sorted(("blob_unreadable", f"exposure/{n}/sources") for n in broken)
    parts = [{part: exported[part] for part in README} for exported in db.export()]
    assert exact(parts) == exact([{part: document[part] for part in README}] * (len(BROKEN) + 1))
    failed = db.query("SELECT role FROM source_file WHERE outcome = 'failed'")
    assert failed == [("psf",)] * len(BROKEN)

    # Without a change it is reported again, and nothing is written.
    with db.unchanged():
        again = db.run("import-blobs", old_2020.url)
        assert (again.code, again.err) == (1, done.err)
        assert f"{len(BROKEN) + 1} unchanged" in again.out

    mended = {"PM_1": {"snr": [1.5, 2.5]}}
    for number in broken:
        old_2020.change(number, sources=json.dumps(mended))
    db.imports(old_2020)
    assert db.open_issues() == []
    assert [exported["sources"] for exported in db.export()].count(mended) == len(BROKEN)


@on_sqlite
def test_two_rows_of_one_exposure_are_one_exposure_with_two_analyses(old_2020, db):
    wanted = [
        {
            **NAMES,
            "analysisFile": f"{name}.prm.fits",
            "rawFile": None,
            "data": {"PRIMARY": {"PROV1": "MUSE.2018-08-12T23:57:30.000.fits", "N": number}},
            "psfParams": {"fwhm": [1.5 + number], "beta": [2.5], "wavelength": [475.0]},
            "sources": None,
        }
        for number, name in enumerate("XY")
    ]
    for document in wanted:
        old_2020.add_document(document)
    db.imports(old_2020, "1 loaded, 0 completed, 1 replaced")
    assert db.count("exposure") == 1
    assert exact([exported | {"rawFile": None} for exported in db.export()]) == exact(wanted)
    with db.unchanged():
        db.imports(old_2020, "2 unchanged")


# Whatever hypothesis thinks of

EXAMPLES = 60
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.sampled_from(
    [
        *("Sec", "USec", "LGS1_R0", "lgs1_r0", "LGS2_STREHL", "TIME_STAMP", "AIRMASS"),
        *("MASS_TURB0", "L0Tot", "CN2_ALT1", "snr", "flux", "SNR", "xc"),
    ]
)
KEYWORDS = st.sampled_from(
    ["DATE-OBS", "ESO INS MODE", "OBJECT", "EXPTIME", "MJD-OBS", "HISTORY", "COMMENT", ""]
)
EXTENSIONS = st.sampled_from(
    ["PRIMARY", "CHAN01", "SGS_DATA", "AG_DATA", "ASM_DATA", "SPARTA_ATM_DATA", "SPARTA_CN2_DATA"]
)
PARAMETERS = st.sampled_from(["fwhm", "beta", "e", "theta", "wavelength", "r0"])
SOURCES = st.sampled_from(["PM_1", "PM_2", "PM_03", "PM_x", "PM_999999999", "XPM_1"])


def column(rows: int) -> st.SearchStrategy[Any]:
    """Give a column of one type, of mixed types, of lists, or none at all."""
    cells = [st.floats(), st.integers(), TEXTS, st.booleans(), LEAVES]
    cells += [st.lists(st.floats(), min_size=2, max_size=2), st.lists(LEAVES, max_size=2)]
    return st.one_of(*(st.lists(c, min_size=rows, max_size=rows) for c in cells), ANY)


def table(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.integers(0, 3).flatmap(
        lambda rows: st.dictionaries(names | TEXTS, column(rows), max_size=5)
    )


DATA = st.dictionaries(
    EXTENSIONS | TEXTS,
    st.dictionaries(KEYWORDS | TEXTS, ANY, max_size=6) | table(COLUMNS) | ANY,
    max_size=6,
)
DOCUMENTS = st.tuples(
    DATA | ANY,
    table(PARAMETERS) | ANY,
    st.dictionaries(SOURCES | TEXTS, table(COLUMNS) | ANY, max_size=4) | ANY,
)


@cache
def some_documents() -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []

    @settings(
        max_examples=EXAMPLES, database=None, derandomize=True, suppress_health_check=HealthCheck
    )
    @given(DOCUMENTS)
    def collect(documents: tuple[Any, ...]) -> None:
        # A text that is the whole document is one more encoding.
        if not any(isinstance(document, str) for document in documents):
            found.append(documents)

    collect()
    return found


def test_whatever_goes_in_comes_out(old_2020, db):
    wanted = {
        f"{number}.prm.fits": dict(zip(README, found, strict=True))
        for number, found in enumerate(some_documents())
    }
    for name, documents in wanted.items():
        old_2020.add_document(NAMES | documents, analysisfile=name)
    assert db.run("import-blobs", old_2020.url).code in (0, 1)
    assert db.count("exposure") == len(wanted)
    assert set(db.codes()) <= {"layers_disagree"}
    exported = {document["analysisFile"]: document for document in db.export()}
    assert exported.keys() == wanted.keys()
    for name, documents in wanted.items():
        stored = {part: exported[name][part] for part in documents}
        assert difference(stored, json.loads(json.dumps(documents))) is None, name
