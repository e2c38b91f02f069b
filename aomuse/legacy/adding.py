"""An exposure from dictionaries in the structure of AOMUSE 2020, stored as by an import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from aomuse.errors import AomuseError, BusyError
from aomuse.exchange.files import IMPORT_PREFIX
from aomuse.exchange.outcome import Listener, Result
from aomuse.ledger import SHORT_WORK_S, Ledger, Plan, Run, running
from aomuse.legacy.content import Imported, make_content
from aomuse.legacy.decoded_row import decode_row
from aomuse.legacy.remainder import keep_documents
from aomuse.legacy.source import SourceRow
from aomuse.load import UnitOfWork, choose_writer
from aomuse.metrics.registering import register_metrics
from aomuse.models import Exposure
from aomuse.normalize import normalize
from aomuse.pipeline import show_in_views

_ORIGIN = "db.add_exposure"
#: Lengths of target.name, exposure.raw_file and psf_fit.prm_file, and of the mode.
_MAX_NAME, _MAX_MODE = 255, 64

Document = Mapping[str, Any]


def add_exposure(
    engine: Engine,
    *,
    target: str,
    instrument_mode: str | None = None,
    raw_file: str | None = None,
    prm_file: str | None = None,
    data: Document | None = None,
    psf_params: Document | None = None,
    sources: Document | None = None,
) -> int:
    """Store an exposure in one transaction and return its id; see `aomuse.database.Database`."""
    named = {"target": target, "raw_file": raw_file, "prm_file": prm_file}
    for name, value in named.items():
        _refuse_text(name, value, _MAX_NAME)
    _refuse_text("instrument_mode", instrument_mode, _MAX_MODE)
    if target is None:
        raise AomuseError("target is None: give the exposure's target")
    columns = {
        "insmode": instrument_mode,
        "analysisfile": prm_file,
        "rawfile": raw_file,
        "data": _text("data", data),
        "psfparams": _text("psf_params", psf_params),
        "sources": _text("sources", sources),
    }
    listener = Listener()
    with running(engine, listener, shared=True) as run:
        run.start("add", _ORIGIN)
        register_metrics(engine)
        place = f"{IMPORT_PREFIX}{_ORIGIN}#run/{run.id}"
        exposure_id = _store(engine, run, SourceRow(place, columns, target))
        show_in_views(engine, listener)
    return exposure_id


def _refuse_text(name: str, value: Any, longest: int) -> None:
    if value is None:
        return
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise AomuseError(f"{name} is {value!r}: give a text of 1 to {longest} characters")


def _text(name: str, document: Document | None) -> str | None:
    if document is None:
        return None
    if not isinstance(document, Mapping):
        raise AomuseError(f"{name} is not a dictionary: use json.loads for a JSON text")
    try:
        return json.dumps(dict(document), default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise AomuseError(f"{name} contains a value that JSON cannot represent: {error}") from error


def _plain(value: Any) -> Any:
    """Return an array or number of numpy in a type that JSON has."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {str(value)[:80]!r}")


def _store(engine: Engine, run: Run, row: SourceRow) -> int:
    decoded = decode_row(row)
    if decoded.unreadable:
        raise AomuseError(decoded.issues[0].message)
    imported = make_content([decoded])
    exposure = normalize(imported.content)
    locks = run.lock.named_locks(run.id)
    label = imported.files.label
    names = {imported.content.archive_id or label, imported.content.raw_file or label}
    with locks.held(names, SHORT_WORK_S) as holder:
        if holder is not None:
            raise BusyError(f"{holder} has held {label} for {SHORT_WORK_S} s: try again")
        with engine.connect() as connection:
            _refuse_known(connection, imported)
        unit = UnitOfWork(choose_writer(engine), run.id, locks)
        unit.end_killed_runs()
        stored = unit.store(
            imported.files, Plan("load"), exposure, partial(keep_documents, imported)
        )
    assert stored is not None
    run.report(Result(label, "loaded", stored.row_count, 0.0, tuple(exposure.issues)))
    return stored.exposure_id


def _refuse_known(connection: Connection, imported: Imported) -> None:
    """Refuse an exposure that is stored: by its archive name, or the name of its raw file."""
    ids = {known.id: known.archive_id for known in Ledger(connection).known(imported.files)}
    raw_file = imported.content.raw_file
    if raw_file is not None:
        same = sa.select(Exposure.id, Exposure.archive_id).where(Exposure.raw_file == raw_file)
        ids |= {row.id: row.archive_id for row in connection.execute(same)}
    for number, archive_id in ids.items():
        raise AomuseError(
            f"the exposure {archive_id or raw_file} already exists, with the id {number}: change "
            "it, or delete it first"
        )
