"""Figures into docs/performance.md, between its markers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path("docs/performance.md")
_PLACE = re.compile(r"(<!-- make bench: (?P<name>[a-z-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def with_blocks(page: str, blocks: Mapping[str, str]) -> str:
    """Return a page with tables in their places; a place without a table stays as it is."""
    places = {match["name"] for match in _PLACE.finditer(page)}
    if missing := blocks.keys() - places:
        raise SystemExit(f"error: {PAGE} has no place for {', '.join(sorted(missing))}")

    def filled(match: re.Match[str]) -> str:
        block = blocks.get(match["name"])
        return match[0] if block is None else f"{match[1]}{block}{match[3]}"

    return _PLACE.sub(filled, page)
