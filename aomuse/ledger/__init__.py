"""What is known, what is to do, and what a run did."""

from aomuse.ledger.gathering import gathered, joined
from aomuse.ledger.issues import record_orphans
from aomuse.ledger.known_exposures import Ledger
from aomuse.ledger.known_files import KnownHeaders, remember_headers
from aomuse.ledger.lock import WAIT_S, run_lock
from aomuse.ledger.named_locks import SHORT_WORK_S, NamedLocks
from aomuse.ledger.planning import Plan, Task, make_plan, stored_but_left_out
from aomuse.ledger.recording import Record
from aomuse.ledger.running import Run, run_transaction, running
from aomuse.ledger.second_look import look_again, that_meet
from aomuse.ledger.selecting import exposures_below, exposures_named, unnamed_exposures

__all__ = [
    "SHORT_WORK_S",
    "WAIT_S",
    "KnownHeaders",
    "Ledger",
    "NamedLocks",
    "Plan",
    "Record",
    "Run",
    "Task",
    "exposures_below",
    "exposures_named",
    "gathered",
    "joined",
    "look_again",
    "make_plan",
    "record_orphans",
    "remember_headers",
    "run_lock",
    "run_transaction",
    "running",
    "stored_but_left_out",
    "that_meet",
    "unnamed_exposures",
]
