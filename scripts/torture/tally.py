"""What was done and what was found, by kind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable


class Tally:
    """Counts of trials and problems, and the time that is left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self.trials: Counter[tuple[str, str]] = Counter()
        #: Trials in which something happened in the middle: a command was still running.
        self.hits: Counter[tuple[str, str]] = Counter()
        self.problems: dict[tuple[str, str], list[str]] = {}

    @property
    def has_time(self) -> bool:
        """Whether time is left."""
        return time.monotonic() < self._end

    def count(
        self, part: str, what: str, problems: Iterable[str], seed: int, *, hit: bool = True
    ) -> None:
        """Count a trial and what it found; each problem is printed at once, with its seed."""
        self.trials[part, what] += 1
        self.hits[part, what] += hit
        for problem in problems:
            self.problems.setdefault((part, what), []).append(problem)
            print(f"PROBLEM {part}, {what}, seed {seed}: {problem}", flush=True)

    @property
    def problem_count(self) -> int:
        """Number of problems of all kinds."""
        return sum(map(len, self.problems.values()))

    def table(self) -> str:
        """Return the counts as a table in Markdown."""
        lines = [
            "| part | what | trials | in the middle | problems |",
            "| --- | --- | ---: | ---: | ---: |",
        ]
        for part, what in sorted(self.trials):
            key = part, what
            lines.append(
                f"| {part} | {what} | {self.trials[key]:,} | {self.hits[key]:,} |"
                f" {len(self.problems.get(key, ())):,} |"
            )
        lines.append(
            f"| all | | {self.trials.total():,} | {self.hits.total():,} | {self.problem_count:,} |"
        )
        return "\n".join(lines)
