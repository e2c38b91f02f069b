"""Documents that nobody would have written, and some that everybody did."""

import json
from typing import Any

from backends import on_sqlite
from old_databases import exact
from warehouse import aomuse, contents, open_issues, query, scalar, succeed

NAN, INF = float("nan"), float("inf")

#: The dummy of the README of 2020.
README = {
    "data": {
        "PRIMARY": {"RA": 221.0, "DEC": 19.1, "ESO INS MODE": "testMode"},
        "ETC": "etc",
    },
    "psfParams": {name: [1, 2, 3] for name in ("beta", "e", "theta", "fwhm", "wavelength")},
    "sources": {
        "PM_1": {name: [1, 2, 3] for name in ("snr", "flux", "fwhm", "beta", "xc", "yc")},
        "PM_2": {name: [1, 2, 3] for name in ("snr", "flux", "fwhm", "beta", "xc", "yc")},
        "ETC": "etc",
    },
}
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
        "psfParams": None,
        "sources": None,
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
        "psfParams": None,
        "sources": None,
    },
    "odd parameters": {
        "data": None,
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
        "data": None,
        "psfParams": {"fwhm": [1.5, 2.5], "beta": [2.5], "wavelength": "none"},
        "sources": {"PM_1": {"snr": [1.5], "flux": [1.5, 2.5]}},
    },
    "no layers": {
        "data": None,
        "psfParams": {"fwhm": [], "beta": [], "wavelength": []},
        "sources": {"PM_1": {"snr": [], "flux": []}},
    },
}


PARAMS = {"fwhm": [1.5, 2.5], "beta": [2.5, 3.5], "wavelength": [475.0, 476.25]}
NAMES = {"targetName": "M 54", "insMode": "x"}


def test_they_come_out_as_they_went_in(old_2020, db_url, export, engine):
    wanted = [
        {**NAMES, "analysisFile": f"{name}.prm.fits", "rawFile": f"{name} raw"} | document
        for name, document in sorted(ODD.items())
    ]
    for document in wanted:
        old_2020.add_document(document)
    done = succeed(db_url, "import-blobs", old_2020.url)
    assert f"{len(ODD)} loaded" in done.out
    assert exact(export()) == exact(json.loads(json.dumps(wanted)))
    before = contents(engine)
    assert f"{len(ODD)} unchanged" in aomuse(db_url, "import-blobs", old_2020.url).out
    assert contents(engine) == before


@on_sqlite
def test_layers_that_disagree_are_an_issue_and_nothing_is_lost(old_2020, db_url, export, engine):
    sources = {"PM_1": {"snr": [1.5, 2.5, 3.5]}}
    document = {**NAMES, "analysisFile": "X", "data": None, "psfParams": PARAMS, "sources": sources}
    old_2020.add_document(document)
    assert aomuse(db_url, "import-blobs", old_2020.url).code == 1
    assert [code for code, _ in open_issues(engine)] == ["layers_disagree"]
    (exported,) = export()
    assert exact([exported["psfParams"], exported["sources"]]) == exact([PARAMS, sources])
    assert scalar(engine, "SELECT COUNT(*) FROM psf_parameter") == 4


BROKEN = {
    "cut short": '{"PM_1": {"snr": [1.5, 2.5',
    "cut within a string": '{"PM_1": {"sn',
    "cut and encoded twice": json.dumps('{"PM_1": {"snr": [1.5, 2.5'),
    "no JSON": "snr: 1.5",
    "a text": '"nothing of the kind"',
    "half a surrogate pair": '{"PM_1": {"snr\\ud800": [1.5]}}',
    "nested without end": "[" * 100_000,
    "a number without end": "[" + "9" * 5000 + "]",
}


@on_sqlite
def test_a_document_that_cannot_be_parsed_is_an_issue_and_the_rest_is_imported(
    old_2020, db_url, export, engine
):
    document = {**NAMES, "data": {"PRIMARY": {"RA": 1.5}}, "psfParams": PARAMS, "sources": None}
    broken = {
        old_2020.add_document(document, analysisfile=f"{name}.prm.fits", sources=text): name
        for name, text in BROKEN.items()
    }
    old_2020.add_document(document, analysisfile="whole")
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert done.code == 1
    assert f"{len(BROKEN) + 1} loaded" in done.out
    assert len(done.errors) == len(BROKEN)
    issues = [(code, path.rpartition("#")[2]) for code, path in open_issues(engine)]
    assert sorted(issues) == sorted(("blob_unreadable", f"exposure/{n}/sources") for n in broken)
    for exported in export():
        assert exact(exported["psfParams"]) == exact(PARAMS)
        assert exported["data"]["PRIMARY"] == {"RA": 1.5}
        assert exported["sources"] is None
    failed = query(engine, "SELECT role FROM source_file WHERE outcome = 'failed'")
    assert failed == [("psf",)] * len(BROKEN)

    # Without a change it is reported again, and nothing is written.
    before = contents(engine)
    again = aomuse(db_url, "import-blobs", old_2020.url)
    assert (again.code, again.err) == (1, done.err)
    assert f"{len(BROKEN) + 1} unchanged" in again.out
    assert contents(engine) == before

    mended = {"PM_1": {"snr": [1.5, 2.5]}}
    for number in broken:
        old_2020.change(number, sources=json.dumps(mended))
    succeed(db_url, "import-blobs", old_2020.url)
    assert open_issues(engine) == []
    assert [exported["sources"] for exported in export()].count(mended) == len(BROKEN)


@on_sqlite
def test_bytes_in_place_of_text(old_2020, db_url, export):
    number = old_2020.add("M 54", insmode="x", analysisfile="X.prm.fits")
    with old_2020.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE exposure SET psfparams = ?, sources = ? WHERE id = ?",
            (json.dumps(PARAMS).encode(), b'{"PM_1": "\xff"}', number),
        )
    done = aomuse(db_url, "import-blobs", old_2020.url)
    assert done.code == 1
    assert "not UTF-8" in done.err
    (exported,) = export()
    assert exact(exported["psfParams"]) == exact(PARAMS)


@on_sqlite
def test_two_rows_of_one_exposure_are_one_exposure_with_two_analyses(
    old_2020, db_url, export, engine
):
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
    done = succeed(db_url, "import-blobs", old_2020.url)
    assert "1 loaded, 0 completed, 1 replaced" in done.out
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == 1
    for exported, document in zip(export(), wanted, strict=True):
        assert exported["analysisFile"] == document["analysisFile"]
        assert exact(exported["psfParams"]) == exact(document["psfParams"])
        assert exact(exported["data"]) == exact(document["data"])
    before = contents(engine)
    assert "2 unchanged" in aomuse(db_url, "import-blobs", old_2020.url).out
    assert contents(engine) == before
