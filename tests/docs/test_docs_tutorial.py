"""The tutorial runs from an empty folder to its answer, and shows what it says."""

import base64
import re
from typing import Any

import nbformat
import pytest
from pages import equal

from scripts.tutorial import NOTEBOOK, run

#: The address of a database, which differs from reader to reader, and the newest revision.
_DATABASE = re.compile(r"^\S+://\S+(: schema from nothing to revision) \d+", re.M)
LARGEST_PICTURE = 80_000


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


def shown(notebook: Any) -> list[tuple[str, str]]:
    """Give of each output its kind and text; of a figure that there is one."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            kinds = "+".join(sorted(data)) or output.get("name", "")
            text = output.get("text") or data["text/plain"]
            found.append((f"{output.output_type} {kinds}", _DATABASE.sub(r"DATABASE\1", text)))
    return found


@pytest.mark.usefixtures("processes", "slow")
def test_it_shows_what_is_committed(committed, tmp_path):
    ran = shown(run(tmp_path))
    before = shown(committed)
    assert [kind for kind, _ in ran] == [kind for kind, _ in before]
    for (_, now), (_, then) in zip(ran, before, strict=True):
        assert equal(then, now), f"{now}\nin place of\n{then}"


def test_it_is_committed_as_it_ran(committed):
    nbformat.validate(committed)
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} == {
        *("display_data", "execute_result", "stream"),
    }
    assert {output.name for output in outputs if output.output_type == "stream"} == {"stdout"}
    figures = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    pictures = [base64.b64decode(figure) for figure in figures]
    assert len(pictures) == sum("plt.show()" in cell.source for cell in cells)
    assert all(len(picture) < LARGEST_PICTURE for picture in pictures)


def test_the_answer_is_what_the_numbers_say(committed):
    """The text says that the gain rises, at all wavelengths, and that the control is near 1."""
    texts = [text for _, text in shown(committed)]
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


def test_it_names_no_machine():
    text = NOTEBOOK.read_text()
    assert not re.search(r"/(home|root|tmp|work|shm)/", text)
    assert "aomuse.db" in text
