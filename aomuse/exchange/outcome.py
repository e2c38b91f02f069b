"""The nouns of a run: what came of an exposure, of the whole, and who shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, get_args

from aomuse.exchange.files import Discovery
from aomuse.exchange.issue import Issue

Outcome = Literal["loaded", "completed", "replaced", "unchanged", "failed"]


@dataclass(frozen=True)
class Result:
    """What came of one exposure, and the reason if that is nothing."""

    label: str
    outcome: Outcome
    row_count: int
    seconds: float
    issues: tuple[Issue, ...] = ()
    reason: str | None = None

    @property
    def has_errors(self) -> bool:
        """True if something of it is not in the database."""
        return any(issue.severity == "error" for issue in self.issues)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 exposure, 2 exposures."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass
class Summary:
    """What came of a run: exposures by outcome, rows written, seconds, files left out by reason.

    ``failed`` counts exposures and files of which something could not be loaded.
    """

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(get_args(Outcome), 0))
    failed: int = 0
    row_count: int = 0
    seconds: float = 0.0
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Count an exposure."""
        self.counts[result.outcome] += 1
        self.row_count += result.row_count
        self.failed += result.has_errors


class Listener:
    """Hears of a run while it goes on; a command line overrides what it wants to show."""

    def on_wait(self, text: str) -> None:
        """Show who holds the database."""

    def on_notice(self, text: str) -> None:
        """Show something that concerns the whole run."""

    def on_total(self, total: int) -> None:
        """Show how many exposures there are, before the first is read."""

    def on_found(self, discovery: Discovery) -> None:
        """Show what was found, before anything is read."""

    def on_result(self, result: Result) -> None:
        """Show what came of an exposure."""
