"""What a cube was made from: one exposure, or several.

Pipelines say so in different ways, and the rest of the header is that of the first exposure:

- the archive: ``PROVn``, ``NCOMBINE``, ``OBIDn``, ``ASSONn``,
- ESO's pipeline: ``ESO PRO RECn`` with the recipe and its inputs,
  ``ESO DRS MUSE PIXTABLE COMBINED``,
- mpdaf, and musered with it: ``NFILES``, ``MPDAF METHn ID``,
- IRAF and ccdproc: ``IMCMBnnn``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from aomuse.discover.archive_names import archive_id_of, is_archive_name

#: How the keywords that tell begin as they stand in their cards, and what they are.
_BEGIN = (
    *(b"PROV", b"OBID", b"ASSON", b"IMCMB", b"NCOMBINE", b"NFILES"),
    *(b"HIERARCH ESO PRO REC", b"HIERARCH ESO DRS MUSE PIXTABLE COMB", b"HIERARCH MPDAF METH"),
)
_MARK = re.compile(
    rb"(?:PROV|OBID|ASSON|IMCMB)\d+|NCOMBINE|NFILES"
    rb"|HIERARCH (?:ESO PRO REC\d+ (?:ID|RAW\d+ (?:NAME|CATG))"
    rb"|ESO DRS MUSE PIXTABLE COMBINED|MPDAF METH\d+ ID)"
)
_COUNTS = ("NCOMBINE", "NFILES", "ESO DRS MUSE PIXTABLE COMBINED")
_NUMBERED = re.compile(r"(?P<family>PROV|OBID|ASSON|IMCMB)(?P<number>\d+)")
_RECIPE = re.compile(r"ESO PRO REC(?P<recipe>\d+) (?:ID|RAW(?P<raw>\d+) (?P<what>NAME|CATG))")
_METHOD = re.compile(r"MPDAF METH\d+ ID")
#: Recipes that make one cube of several exposures.
_COMBINING = ("muse_exp_combine", "mpdaf_combine")
#: The recipe that treats exposures one by one, however many it is given.
_ONE_BY_ONE = "muse_scibasic"
#: Inputs (RAWn CATG) that are exposures of the science target; an ILLUM or SKY is not.
_SCIENCE = re.compile(r"OBJECT|SCIENCE|PIXTABLE_(?:OBJECT|REDUCED|COMBINED|POSITIONED)|DATACUBE_.*")
#: A pixel table of one of the 24 units: these are one exposure.
_UNIT = re.compile(r"-\d\d\Z")


def mark_of(name: bytes) -> str | None:
    """Return the keyword of a card if it tells what a cube was made from, else None."""
    # Of a thousand cards, hardly any begins so.
    if name.startswith(_BEGIN) and _MARK.fullmatch(name):
        return name.removeprefix(b"HIERARCH ").decode("ascii")
    return None


def combined_by(cards: Mapping[str, Any]) -> str | None:
    """Return the keyword that says that a cube was made from several exposures, or None."""
    return next(_marks(cards), None)


def _marks(cards: Mapping[str, Any]) -> Iterator[str]:
    yield from _numbered(cards)
    yield from (keyword for keyword in _COUNTS if _number(cards.get(keyword)) > 1)
    yield from _recipes(cards)
    for keyword, value in cards.items():
        is_list = str(value).strip().lower().startswith(("obj.cubelist", "obj.cubemosaic"))
        if is_list and _METHOD.fullmatch(keyword):
            yield keyword


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _numbered(cards: Mapping[str, Any]) -> Iterator[str]:
    """Yield the second of several names in PROVn and its like."""
    first: dict[str, str] = {}
    for keyword, value in sorted(cards.items(), key=lambda item: _order(item[0])):
        match = _NUMBERED.fullmatch(keyword)
        name = str(value if value is not None else "").strip()
        if match is None or not name:
            continue
        family, number = match["family"], int(match["number"])
        if family in ("ASSON", "IMCMB") and not is_archive_name(name):
            # Usually the image that belongs to the cube.
            continue
        if family == "PROV":
            name = archive_id_of(name)
        is_later = family == "PROV" and number > 1 and family not in first
        if is_later or first.setdefault(family, name) != name:
            yield keyword


def _order(keyword: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(keyword)
    return (match["family"], int(match["number"])) if match else (keyword, 0)


def _recipes(cards: Mapping[str, Any]) -> Iterator[str]:
    """Yield the recipe that combines exposures, by its name or by its inputs."""
    names: dict[int, dict[str, str]] = defaultdict(dict)
    categories: dict[int, dict[str, str]] = defaultdict(dict)
    recipes: dict[int, str] = {}
    for keyword, value in cards.items():
        match = _RECIPE.fullmatch(keyword)
        if match is None:
            continue
        recipe, text = int(match["recipe"]), str(value).strip()
        if match["raw"] is None:
            recipes[recipe] = text.lower()
        else:
            inputs = names if match["what"] == "NAME" else categories
            inputs[recipe][match["raw"]] = text
    last = max({*recipes, *names}, default=0)
    for recipe in sorted({*recipes, *names}):
        name = recipes.get(recipe, "")
        if name.startswith(_COMBINING):
            yield f"ESO PRO REC{recipe} ID"
        if name != _ONE_BY_ONE or recipe == last:
            science = [
                raw
                for number, raw in names[recipe].items()
                if _SCIENCE.fullmatch(categories[recipe].get(number, "OBJECT"))
            ]
            if _exposures(science) > 1:
                yield f"ESO PRO REC{recipe} RAW2 NAME"


def _exposures(names: list[str]) -> int:
    """Return how many exposures these files are from; one name twice is from two folders."""
    most: dict[str, int] = {}
    for name, count in Counter(archive_id_of(name) for name in names).items():
        exposure = _UNIT.sub("", name)
        most[exposure] = max(most.get(exposure, 0), count)
    return sum(most.values())
