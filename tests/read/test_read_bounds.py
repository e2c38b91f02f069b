"""A hostile file costs a clear error, not minutes and gigabytes."""

import time

import fits_factory as factory
import numpy as np
import pytest
from astropy.io import fits
from companion_files import write_catalog, write_log
from reading import NO_PIXELS, header, read, refusal

from aomuse.errors import FileError
from aomuse.read.catalog import read_table
from aomuse.read.night_log import read_night_log

START = "# %ECSV 1.0\n# ---\n# datatype:\n"
ONE = "# - {name: id, datatype: int64}\n"


def aliases(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(levels)]
    return "# meta:\n" + "".join(f"#   {line}\n" for line in lines)


HOSTILE = {
    "aliases": START + ONE + aliases(8) + "id\n1\n",
    "an alias of itself": START + ONE + "# meta: {a: &a [*a]}\nid\n1\n",
    "nesting": START + ONE + f"# meta: {'[' * 99}{']' * 99}\nid\n1\n",
    "columns": START + ONE * 1000 + "id\n1\n",
    "a long header": START + ONE + "# x\n" * 70_000 + "id\n1\n",
    "an array": START + "# - {name: a, datatype: string, subtype: 'int8[99999,99999]'}\na\n\"\"\n",
    "a format": START + "# - {name: a, datatype: float64, format: '%99999999.1f'}\na\n1\n",
    "a wide cell": START + ONE + "id\n" + "1\n" * 1000 + "x" * 100_000 + "\n",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_catalogue_is_refused_at_once(what):
    begin = time.process_time()
    with pytest.raises(FileError) as caught:
        read_table(HOSTILE[what].encode(), "x.cat")
    assert (caught.value.code, time.process_time() - begin < 2) == ("too_large", True)


def test_the_aliases_that_astropy_writes_are_read():
    text = START + ONE + "# meta: {a: &id001 [1, 2], b: *id001}\nid\n1\n"
    assert read_table(text.encode(), "x.cat").meta == {"a": [1, 2], "b": [1, 2]}


def test_a_hostile_catalogue_costs_no_other_file(db, tree):
    path = write_catalog(tree.add(1), text=HOSTILE["aliases"])
    assert str(path) in db.fail("load", tree.root)
    assert len(db.loaded_paths()) == 4


def test_a_log_of_comments_alone():
    begin = time.process_time()
    log = read_night_log(b"General Comments:\n" + b"x\n" * 300_000)
    assert len(log.facts["general_comments"]) == 599_999
    assert time.process_time() - begin < 5


def test_a_log_with_many_odd_lines_has_short_messages(db, tree):
    tree.add(1)
    write_log(tree).write_text("what is this\n" * 5000 + f"Original Filename\t{'x' * 9999}\n")
    db.run("load", tree.root)
    told = db.query("SELECT message FROM load_issue WHERE code LIKE 'night_log%'")
    assert all(len(message) < 1000 for (message,) in told)
    assert any("and 4881 others" in message for (message,) in told)


# What a table costs is bounded by the size of its file

CARDS = (
    *("XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", "NAXIS1  = 1", "NAXIS2  = 1"),
    *("PCOUNT  = 0", "GCOUNT  = 1", "TFIELDS = 1", "TFORM1  = 'B'"),
)


def small_table(number: int) -> bytes:
    """Give a table of one value, whose definition is its own."""
    return header(*CARDS, f"TTYPE1  = 'C{number}'", f"EXTNAME = 'E{number}'") + bytes(2880)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "raw" / "X.fits"


def with_table(name: str, column: fits.Column) -> fits.HDUList:
    return fits.HDUList([*factory.raw(1), fits.BinTableHDU.from_columns([column], name=name)])


def test_tables_without_end(path):
    content = factory.to_bytes(factory.raw(1)) + b"".join(map(small_table, range(600)))
    error = refusal(factory.write(path, content))
    assert error.code == "too_large"
    assert "more columns than the limit" in error.why


def test_bits_are_values(path):
    bits = fits.Column("BITS", "8000X", array=np.zeros((200, 8000), np.bool_))
    error = refusal(factory.write(path, with_table("MASK", bits)))
    assert (error.code, error.extension) == ("bad_header", "MASK")
    assert error.why.startswith("it claims 200 rows of 8,000 values, but the whole file has ")


def test_columns_of_no_width(path):
    """Their values take no bytes, but a row each."""
    numbers = fits.Column("N", "1B", array=np.zeros(4000, np.uint8))
    factory.write(path, with_table("FLAT", numbers))
    error = refusal(factory.set_card(path, "FLAT", "TFIELDS", "900"))
    assert (error.code, error.extension) == ("bad_header", "FLAT")


def test_many_bad_cards_are_counted(path):
    bad = [f"K{i:<7}= 1.2.3" for i in range(500)]
    issues = read(factory.write(path, header(*NO_PIXELS, *bad))).issues
    assert len(issues) == 21
    assert issues[-1].message == "480 more cards of the header are like these"
