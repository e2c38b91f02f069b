"""Every block of code in the documentation does what the page says, and so does the tutorial."""

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
import sqlalchemy as sa
from pages import README, WRITTEN, Block, Reader, blocks, equal
from warehouse import execute, query

from aomuse.db import create_engine
from aomuse.pipeline import load
from aomuse.simulate import simulate
from scripts.tutorial import NOTEBOOK, run

#: The address of a database, which differs from reader to reader, and the newest revision.
_DATABASE = re.compile(r"^\S+://\S+(: schema from nothing to revision) \d+", re.M)
LARGEST_FIGURE = 80_000
#: What a page sets on its reader's server.
SETTINGS = [
    f"@@GLOBAL.innodb_{name}"
    for name in ("log_file_size", "adaptive_hash_index", "flush_log_at_trx_commit")
]
SELECTS = [block for page in WRITTEN for block in blocks(page) if block.is_query]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Make the sample night in a few layers: a page shows what `make load` gives its reader."""
    folder = tmp_path_factory.mktemp("night")
    simulate(folder, layers=24)
    return folder


@pytest.fixture(scope="module")
def small_database(tmp_path_factory, sqlite_template, night):
    """Load the small tree into a file, which is then copied."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("small"))
    engine = create_engine(f"sqlite:///{path}")
    assert load(engine, [night]).failed == 0
    engine.dispose()
    return path


@pytest.fixture
def reader(tmp_path, night, mariadb_server):
    """Give somebody who has a server, a night, and an empty clone."""
    password = "r0=15cm@500nm"
    (tmp_path / ".my.cnf").write_text(
        f"[client]\nuser=muse_loader\npassword='{password}'\n"
        f"host=127.0.0.1\nport={mariadb_server.port}\n"
    )
    stand_ins = {
        "/data/night": str(night),
        "db.example.org:3306": f"127.0.0.1:{mariadb_server.port}",
        "/etc/ssl/certs/muse-ca.pem": str(mariadb_server.certificate),
        "4294967296": "134217728",
        "2147483648": "104857600",
    }
    engine = sa.create_engine(mariadb_server.admin_url, poolclass=sa.NullPool)
    (before,) = query(engine, f"SELECT {', '.join(SETTINGS)}")
    yield Reader(tmp_path, stand_ins, mariadb_server.admin_url)
    made = ("DATABASE IF EXISTS muse", "USER IF EXISTS muse_loader, muse_reader")
    set_before = (f"SET {name} = {value}" for name, value in zip(SETTINGS, before, strict=True))
    execute(engine, *(f"DROP {each}" for each in made), *set_before)


def test_the_readme_shows_what_the_sample_night_gives(reader):
    """In order, from an empty clone, with the sample that make load writes."""
    reader.follow(README)


@pytest.mark.parametrize(
    "page", [p for p in WRITTEN if p != README and p.name != "cookbook.md"], ids=lambda p: p.name
)
def test_the_blocks_of_a_page_run(page, reader, small_database):
    shutil.copy(small_database, reader.folder)
    reader.follow(page)


@pytest.mark.parametrize("backend", ["mariadb"])
def test_queries_of_all_pages_run_on_mariadb_too(engine, night, load_once):
    load_once(night)
    for block in SELECTS:
        found = query(engine, block.text.rstrip().rstrip(";"))
        # some ask for wavelengths that the small night does not reach
        far = block.page == README or re.search("v_gain|v_residual|v_strehl|700-800", block.text)
        assert found or far, f"{block} finds nothing"


@pytest.mark.usefixtures("slow")
def test_the_cookbook_runs_on_both_engines(db_url, night, tmp_path, load_once):
    load_once(night)
    reader = Reader(tmp_path)
    reader.environment = reader.environment | {"AOMUSE_DATABASE_URL": db_url}
    reader.follow(README.parent / "docs" / "cookbook.md")


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        ("a 1.52 s\n", "a 0.07 s\n", True),
        ("a\n…\nb\n", "a\nx\ny\nb\n", True),
        ("a\n…\nb\n", "a\nb\n", True),
        ("a\n…\n", "a\n", True),
        ("…\nb\n", "a\nb\n", True),
        ("a\n…\nb\n", "a\nx\n", False),
        ("a  b\n", "a b\n", False),
        ("1.5\n", "1.6\n", False),
    ],
)
def test_outputs_are_compared_as_shown(shown, real, same):
    assert equal(shown, real) is same


@pytest.mark.usefixtures("processes")
def test_a_wrong_page_is_found_out(tmp_path):
    reader = Reader(tmp_path)

    def problems(*block: str) -> list[str]:
        return list(reader.try_out(Block(Path(__file__), 1, *block)))

    assert problems("console", "$ echo out; exit 3\n")
    assert problems("console", "$ echo out\nin\n")
    assert problems("python", "print(1)\n", "2\n")
    assert problems("", "make\n")
    assert not problems("console", "$ export A='b c'\n$ echo \"$A\"\nb c\n")


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


def outputs_of(notebook: Any) -> list[tuple[str, str]]:
    """Give of each output its kind and text; of a figure that there is one."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            kinds = "+".join(sorted(data)) or output.get("name", "")
            text = output.get("text") or data["text/plain"]
            found.append((f"{output.output_type} {kinds}", _DATABASE.sub(r"DATABASE\1", text)))
    return found


@pytest.mark.usefixtures("processes")
def test_the_tutorial_shows_what_is_committed(committed, tmp_path):
    ran = outputs_of(run(tmp_path))
    before = outputs_of(committed)
    assert [kind for kind, _ in ran] == [kind for kind, _ in before]
    for (_, now), (_, then) in zip(ran, before, strict=True):
        assert equal(then, now), f"{now}\nin place of\n{then}"


def test_the_tutorial_is_committed_as_it_ran(committed):
    nbformat.validate(committed)
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {(output.output_type, output.get("name")) for output in outputs} == {
        *(("display_data", None), ("execute_result", None), ("stream", "stdout")),
    }
    figures = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    pictures = [base64.b64decode(figure) for figure in figures]
    assert len(pictures) == sum("plt.show()" in cell.source for cell in cells)
    assert all(len(picture) < LARGEST_FIGURE for picture in pictures)
    assert "aomuse.db" in NOTEBOOK.read_text()


def test_the_tutorial_answers_what_the_numbers_say(committed):
    """The text says that the gain rises, at all wavelengths, and that the control is near 1."""
    texts = [text for _, text in outputs_of(committed)]
    relation = next(text for text in texts if "rank correlation" in text)
    correlations = [float(c) for c in re.findall(r"rank correlation (\S+),", relation)]
    assert len(correlations) == 2
    assert min(correlations) > 0.9
    (control,) = re.findall(r"gain \[(\S+)\]", relation)
    assert abs(float(control) - 1) < 0.1
    table = next(text for text in texts if "less  more" in text)
    rows = re.findall(r"^\d+\.0 +(\S+) +(\S+)", table, re.M)
    assert len(rows) == 5
    assert all(float(less) < float(more) for less, more in rows)
