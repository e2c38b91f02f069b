"""Control characters in names and values never reach a terminal, nor load_issue."""

import fits_factory as factory
import pytest
from backends import on_sqlite, one_on_mariadb
from fits_factory import Tree

from aomuse.paths import shown

#: An escape sequence, a line end, a tab, a bell, C1, bidi marks and a line separator.
ODD = "\x1b[31mred\n\t\x07\x9b\u202e\u2066\u2028"
ESCAPED = "\\x1b[31mred\\n\\t\\x07\\x9b\\u202e\\u2066\\u2028"


def test_escapes():
    assert shown(f"a{ODD}b") == f"a{ESCAPED}b"
    assert shown("étoile ✨ \\n") == "étoile ✨ \\n"


def printed(text: str) -> set[str]:
    return set(text) & set(ODD) - set("\n[31mred")


@pytest.mark.usefixtures("slow")
@one_on_mariadb("commands", [("--dry-run",), ("--no-progress",), ("--show-left-out",)])
def test_every_output(db, tmp_path, commands):
    tree = Tree(tmp_path / f"night{ODD}")
    files = tree.add(1, without=["raw"])
    files.psf.write_bytes(b"")
    tree.add(2)
    combined = factory.reduced(1, NCOMBINE=2)
    factory.write(tree.root / "single" / f"x{ODD}.fits", combined)
    outputs = [db.run("load", tree.root, *commands), db.run("load", tree.root)]
    outputs += [db.run("status"), db.run("status", "--issues"), db.run("verify")]
    files.prm.unlink()
    outputs += [db.run("verify"), db.run("load", tree.root, *commands)]
    outputs += [db.run("load", f"{tmp_path}/no{ODD}"), db.run(f"what{ODD}")]
    for done in outputs:
        assert printed(done.text) == set(), done.text
    assert any(f"night{ESCAPED}" in done.text for done in outputs)
    for row in db.rows("load_issue"):
        assert printed(row["message"]) | printed(row["path"] or "") == set()
        assert "\n" not in row["message"]


@on_sqlite
def test_issues_of_an_odd_name_are_closed(db, tmp_path):
    tree = Tree(tmp_path / f"night{ODD}")
    files = tree.add(1)
    packed = files.reduced.with_name("Y.fits.gz")
    packed.write_bytes(b"\x1f\x8b")
    content = files.psf.read_bytes()
    files.psf.write_bytes(b"")
    assert db.run("load", tree.root).code == 1
    assert [code for code, _ in db.open_issues()] == ["compressed", "empty"]
    packed.unlink()
    files.psf.write_bytes(content)
    db.load(tree.root)
    assert db.open_issues() == []
