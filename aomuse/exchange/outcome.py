"""The nouns of a load: what came of an exposure, of the whole, and who is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from aomuse.exchange.issue import Issue

if TYPE_CHECKING:
    from aomuse.discover import Discovery

Outcome = Literal["loaded", "completed", "replaced", "unchanged", "failed"]


@dataclass(frozen=True)
class Result:
    """What came of one exposure."""

    label: str
    outcome: Outcome
    row_count: int
    seconds: float
    issues: tuple[Issue, ...]

    @property
    def has_errors(self) -> bool:
        """True if something of it is not in the database."""
        return any(issue.severity == "error" for issue in self.issues)


def _no_counts() -> dict[Outcome, int]:
    return {"loaded": 0, "completed": 0, "replaced": 0, "unchanged": 0, "failed": 0}


@dataclass
class Summary:
    """What came of a load.

    Parameters
    ----------
    counts : dict
        Exposures by outcome.
    failed : int
        Exposures and files of which something could not be loaded.
    row_count : int
        Rows written.
    seconds : float
        Time it took.
    left_out : Counter of str
        Number of files that are no science exposure of their own, by reason.
    """

    counts: dict[Outcome, int] = field(default_factory=_no_counts)
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
    """Told of a load while it goes on; a command line overrides what it wants to show."""

    def on_wait(self, holder: str) -> None:
        """Tell that another loader holds the database."""

    def on_notice(self, text: str) -> None:
        """Tell something that concerns the whole load."""

    def on_total(self, total: int) -> None:
        """Tell how many exposures there are, before the first is read."""

    def on_found(self, discovery: Discovery) -> None:
        """Tell what was found, before anything is read."""

    def on_result(self, result: Result) -> None:
        """Tell what came of an exposure."""
