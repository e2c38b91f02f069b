"""The site has all pages, and its pages lead to one another; `make site` builds it in CI."""

import re

import pytest
from pages import REPOSITORY
from test_docs_docstrings import PUBLIC

import aomuse
from scripts.site.__main__ import stage

LARGEST_PICTURE = 200_000
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    stage(folder)
    return folder


def test_every_page_is_once_in_the_table_of_contents(staged):
    index = (staged / "index.md").read_text()
    parts = re.findall(
        r"^```\{toctree\}\n:hidden:\n:caption: [^\n]+\n\n(.*?)```", index, re.M | re.S
    )
    entries = [line for part in parts for line in part.split("\n") if line]
    names = [re.sub(r".*<(.*)>", r"\1", entry) for entry in entries]
    pages = {path.stem for path in staged.iterdir() if path.suffix in {".md", ".ipynb", ".rst"}}
    assert sorted(names) == sorted(pages - {"index"})


def test_links_lead_to_what_is_in_the_site(staged):
    links = {
        (page.name, link)
        for page in [*staged.glob("*.md"), *staged.glob("*.ipynb")]
        for link in _LINK.findall(re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S))
    }
    assert ("index.md", "tutorial.ipynb") in links
    assert ("readme.md", "science.md") in links
    assert [link for link in sorted(links) if not (staged / link[1]).exists()] == []


def test_the_first_screen_says_what_it_is_and_for_whom_with_a_picture():
    first = (REPOSITORY / "docs" / "index.md").read_text().partition("\n## ")[0]
    assert "For whom?" in first
    assert "![" in first
    assert len(first.split()) < 200
    picture = (REPOSITORY / "docs" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < LARGEST_PICTURE


def test_the_reference_has_all_that_users_call():
    text = (REPOSITORY / "scripts" / "site" / "reference.rst").read_text()
    entries = {name.rpartition(".")[2] for name in re.findall(r"^\.\. auto\w+:: (\S+)", text, re.M)}
    assert {name.rpartition(".")[2] for name in PUBLIC} | set(aomuse.__all__) <= entries
