"""An exposure among several loaders: one of them has it, the others look at it again later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aomuse.errors import OvertakenError
from aomuse.exchange.files import ExposureFiles
from aomuse.exchange.frames import NormalizedExposure
from aomuse.exchange.outcome import Result
from aomuse.ledger.planning import Plan
from aomuse.load.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class NotNow:
    """Another loader has the exposure, or, without a holder, has stored it since it was planned."""

    holder: str | None = None


def lock_names(files: ExposureFiles, plan: Plan) -> set[str]:
    """Return what others may know an exposure by: its names, its ids, and files of analyses.

    An analysis alone has no archive name, and may be found below another root with its cube.
    """
    names = {files.archive_id, *(known.archive_id for known in plan.known)} - {None}
    return {
        *(name for name in names if name is not None),
        *(f"exposure {known.id}" for known in plan.known),
        *(str(file) for fit in files.fits for file in (fit.prm, fit.psf) if file),
        *(str(file) for file in files.files if files.archive_id is None),
    }


def load_in_turn(
    unit: UnitOfWork,
    found: ExposureFiles,
    files: ExposureFiles,
    plan: Plan,
    make: Callable[[], NormalizedExposure],
    wait_s: float = 0.0,
) -> Result | NotNow:
    """Read and store an exposure as planned, unless others have it or had it.

    ``found`` is what was planned, ``files`` is that with what is known from elsewhere.
    """
    if unit.locks is None:
        return unit.load(files, plan, make)
    with unit.locks.held(lock_names(found, plan), wait_s) as holder:
        if holder is not None:
            return NotNow(holder)
        try:
            unit.require_unchanged(found, plan)
            return unit.load(files, plan, make, found=found)
        except OvertakenError:
            return NotNow()
