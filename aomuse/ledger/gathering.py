"""Files of one exposure that lie apart: in several roots, or where an earlier run found them."""

from __future__ import annotations

from pathlib import Path

from aomuse.discover import find_again, join
from aomuse.exchange.files import ExposureFiles
from aomuse.ledger.known_exposures import Ledger
from aomuse.ledger.planning import Plan


def gathered(ledger: Ledger, exposures: list[ExposureFiles]) -> list[ExposureFiles]:
    """Join exposures that the database knows to be one: files of it lie in several roots."""
    homes: dict[int, int] = {}
    together: list[ExposureFiles] = []
    for files in exposures:
        known = ledger.known(files)
        home = next((homes[k.id] for k in known if k.id in homes), len(together))
        if home == len(together) or None not in (together[home].archive_id, files.archive_id):
            home = len(together)
            together.append(files)
        else:
            together[home] = join(
                together[home], files.files, known[0].archive_id, known[0].raw_file
            )
        homes |= dict.fromkeys((k.id for k in known), home)
    return together


def joined(files: ExposureFiles, todo: Plan) -> ExposureFiles:
    """Return the exposure with those of its files that an earlier run found elsewhere."""
    others = [find_again(Path(file.path), file.role) for file in todo.others]
    found = [file for file in others if file is not None]
    if not todo.known or not (found or files.archive_id is None):
        return files
    archive_ids = [k for k in todo.known if k.archive_id is not None]
    known = archive_ids[0] if archive_ids else todo.known[0]
    return join(files, found, known.archive_id, known.raw_file)
