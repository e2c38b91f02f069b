"""Pages, help, messages, comments and docstrings use plain words (CONTRIBUTING, Words)."""

import re
from pathlib import Path

import pytest
from pages import PAGES, REPOSITORY

COUNTED = "(?:analyses|differences|errors|exposures|files|issues|notes|rows|tables|warnings)"
#: What not to write, and what to write instead; a blank matches a line break too.
PHRASES = {
    r"\blets? expect": "predicted from",
    r"\b(?:is|are|was|were|be) told(?! apart)": "reported",
    r"(?<=\w)(?<!here) (?:is|are) no(?! longer| more)": "is not a",
    r"\b[Ii]t is the extra": "requires the extra",
    r"\bin (?:the )?order of time": "sorted by time",
    r"\bwhole exposures only": "only complete exposures",
    r"\banew|\b[Ww]ork out also": "again, recompute",
    r"\bsee to the": "check the",
    r"\b(?:what|that|which|lies?|lay) (?:lies? |lay )?beside": "companion",
    r"\b[Aa]ll but the twins": "twins by distance",
    r"\bcomes? to be": "becomes",
    r"\bgot back": "recovered",
    r"\b[Ww]hatever speaks": "any tool that connects",
    rf"\b1 {COUNTED}": "1 warning",
    rf"\{{(?!file|where)[^{{}}]+\}}\x20{COUNTED}": "one form for 1 and one for more",
    r"\b(?:warning|error|note|issue|exposure|file|row)\(s\)": "1 warning, 2 warnings",
}
#: Comments of released revisions, which stay as they are in the databases.
RELEASED = (
    "Why it is no part of a science exposure",
    "Image quality that SPARTA lets expect there",
)
#: Between two words: blanks and line breaks, with the quotes and comment signs of Python.
_BETWEEN = r"""[\s"'#:]+(?:f["'])?"""
NOTEBOOKS = sorted((REPOSITORY / "docs").glob("*.ipynb"))
PACKAGED = [p for p in (REPOSITORY / "aomuse").rglob("*") if p.suffix in {".py", ".j2"}]


def offences(text: str, phrase: str) -> list[str]:
    """Give line and words of each occurrence."""
    pattern = re.compile(rf"(?:{phrase})(?!\w)".replace(" ", _BETWEEN))
    return [
        f"{text.count(chr(10), 0, match.start()) + 1}: {' '.join(match[0].split())}"
        for match in pattern.finditer(text)
    ]


def read(path: Path) -> str:
    """Give the text of a file, without the list of phrases to avoid."""
    text = path.read_text(encoding="utf-8")
    for comment in RELEASED:
        text = text.replace(comment, "")
    return text.partition("\n## Words\n")[0] if path.name == "CONTRIBUTING.md" else text


def test_the_phrases_are_not_used():
    found = [
        f"{path.relative_to(REPOSITORY)}:{offence}: write {better!r} instead"
        for path in sorted([*PAGES, *NOTEBOOKS, *PACKAGED])
        for text in [read(path)]
        for phrase, better in PHRASES.items()
        for offence in offences(text, phrase)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PSFs that it lets expect", ["1: lets expect"]),
        ('"Files\n  are "\n  f"told"', ['2: are " f"told']),
        ("# a\n# 3.5 is no\n# number", ["2: is no"]),
        ("there is no file, and it is no longer here", []),
        ("1 warnings, 11 warnings", ["1: 1 warnings"]),
        ('f"{n:,} rows of the {file} files"', ["1: {n:,} rows"]),
    ],
)
def test_phrases_are_found_across_lines(text, found):
    assert [offence for phrase in PHRASES for offence in offences(text, phrase)] == found
