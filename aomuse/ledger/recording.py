"""What a run records of an exposure that it does not store: it stays, or it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine

from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.issue import Issue
from aomuse.exchange.outcome import Outcome, Result
from aomuse.ledger.issues import record_issues, touch_files
from aomuse.ledger.named_locks import SHORT_WORK_S, NamedLocks
from aomuse.ledger.planning import Action, Plan
from aomuse.ledger.running import run_transaction
from aomuse.retries import retrying

T = TypeVar("T")

#: What an exposure becomes when its plan has been carried out.
OUTCOMES: dict[Action, Outcome] = {
    "load": "loaded",
    "complete": "completed",
    "replace": "replaced",
    "retry": "completed",
    "keep": "unchanged",
    "refuse": "failed",
}


class Record:
    """Writes about exposures, in transactions that are tried again where that can help."""

    def __init__(self, engine: Engine, run_id: int, locks: NamedLocks | None = None) -> None:
        """Write alone, or beside other loaders by means of locks."""
        self.locks = locks
        self._engine = engine
        self._run_id = run_id

    def leave(self, files: ExposureFiles, plan: Plan) -> Result:
        """Keep or refuse an exposure: its rows stay, its files may have moved."""
        if plan.touched:

            def touch() -> None:
                with run_transaction(self._engine, self._run_id) as connection:
                    touch_files(connection, plan.touched)

            self._try(touch)
        if plan.action == "refuse":
            with self._alone_with(plan):
                self._record(tuple(k.id for k in plan.known), plan.issues)
        outcome = "loaded" if self._has_stored(plan) else OUTCOMES[plan.action]
        return Result(files.label, outcome, 0, 0.0, plan.issues)

    def _has_stored(self, plan: Plan) -> bool:
        """Tell whether a worker of this run stored what is kept, and died before it said so."""
        return plan.action == "keep" and any(
            file.load_run_id == self._run_id for known in plan.known for file in known.files
        )

    @contextmanager
    def _alone_with(self, plan: Plan) -> Iterator[None]:
        """Let no other loader record the same of an exposure at the same time."""
        if self.locks is None:
            yield
            return
        with self.locks.held([f"exposure {known.id}" for known in plan.known], SHORT_WORK_S):
            yield

    def record_left(self, place: str, issues: Sequence[Issue]) -> None:
        """Record issues of something that belongs to no exposure, in place of its earlier ones."""
        self._record((), issues, [place])

    def fail(self, files: ExposureFiles, plan: Plan, reason: str, seconds: float = 0.0) -> Result:
        """Record why an exposure could not be stored."""
        issue = Issue(
            "error",
            "not_stored",
            f"the exposure {files.label} could not be stored ({reason}): nothing of it was "
            "changed; try again, and if this stays, report it with the file",
            str(files.files[0]),
        )
        paths = [str(file) for file in files.files]
        self._record(tuple(k.id for k in plan.known), (issue,), paths)
        return Result(files.label, "failed", 0, seconds, (issue,))

    def _record(
        self, known: tuple[int, ...], issues: Sequence[Issue], paths: Sequence[str] = ()
    ) -> None:
        def record() -> None:
            with run_transaction(self._engine, self._run_id) as connection:
                exposure_id = known[0] if known else None
                record_issues(connection, self._run_id, exposure_id, issues, paths)

        self._try(record)

    def _try(self, write: Callable[[], T]) -> T:
        """Run a transaction; again where that can help."""
        return retrying(self._engine, write)
