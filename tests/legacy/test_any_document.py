"""Whatever is in the documents comes out as it went in, also what nobody has thought of."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse import aomuse, open_issues, scalar

from aomuse.legacy.differences import difference

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


def test_what_goes_in_comes_out(old_2020, db_url, engine, export):
    wanted = {
        f"{number}.prm.fits": dict(zip(("data", "psfParams", "sources"), found, strict=True))
        for number, found in enumerate(some_documents())
    }
    for name, documents in wanted.items():
        plain = {"targetName": "M 54", "insMode": "x", "analysisFile": name}
        old_2020.add_document(plain | documents)
    assert aomuse(db_url, "import-blobs", old_2020.url).code in (0, 1)
    assert scalar(engine, "SELECT COUNT(*) FROM exposure") == len(wanted)
    assert {code for code, _ in open_issues(engine)} <= {"layers_disagree"}
    exported = {document["analysisFile"]: document for document in export()}
    assert exported.keys() == wanted.keys()
    for name, documents in wanted.items():
        stored = {part: exported[name][part] for part in documents}
        assert difference(stored, json.loads(json.dumps(documents))) is None, name
