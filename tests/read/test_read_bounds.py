"""A hostile catalogue or night log costs a clear error, not minutes and gigabytes."""

import time

import pytest
from companion_files import write_catalog, write_log

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
    files = tree.add(1)
    path = write_catalog(files, ".detections.cat")
    path.write_text(HOSTILE["aliases"])
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
