"""What came of a metric: a value, or why there is none."""

from __future__ import annotations

#: A metric's value, or why there is none.
Found = float | str
#: By name and version.
Metrics = dict[tuple[str, str], Found]
