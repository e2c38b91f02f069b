"""What is known, what is to do, and what a run did."""

from aomuse.ledger.known_exposures import Ledger
from aomuse.ledger.known_files import Memory, remember
from aomuse.ledger.lock import run_lock
from aomuse.ledger.planning import Plan, make_plan
from aomuse.ledger.runs import Run, finish_run, record_orphans, start_run

__all__ = [
    "Ledger",
    "Memory",
    "Plan",
    "Run",
    "finish_run",
    "make_plan",
    "record_orphans",
    "remember",
    "run_lock",
    "start_run",
]
