"""What is known, what is to do, and what a run did."""

from aomuse.ledger.gathering import gathered, joined
from aomuse.ledger.issues import record_orphans
from aomuse.ledger.known_exposures import Ledger
from aomuse.ledger.known_files import KnownHeaders, remember_headers
from aomuse.ledger.lock import run_lock
from aomuse.ledger.planning import Plan, make_plan, stored_but_left_out
from aomuse.ledger.running import Run, running

__all__ = [
    "KnownHeaders",
    "Ledger",
    "Plan",
    "Run",
    "gathered",
    "joined",
    "make_plan",
    "record_orphans",
    "remember_headers",
    "run_lock",
    "running",
    "stored_but_left_out",
]
