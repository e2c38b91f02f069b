"""What must hold after any death: exposures whole, no orphans, counts as in the files."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from astropy.io import fits

from scripts.torture.databases import Database

#: How a row says which exposure it belongs to: its column, and the table that knows the exposure.
_OWNERS = {"exposure_id": None, "psf_fit_id": "psf_fit", "header_id": "header"}
#: Tables that are no part of an exposure's content: runs and issues, and what is computed later.
_HISTORY = {"load_issue", "load_run", "source_file", "known_file", "alembic_version"}
#: Columns that differ between two loads of the same files.
_PASSING = {"id", "row_key", "path", "mtime_ns", "source", "started_utc", "predicted_utc"}
_PASSING |= {"content_version"}

Digests = dict[str, dict[str, str]]


def digests(database: Database) -> Digests:
    """Return a checksum of the rows of each table, by exposure and table.

    Two loads of the same files give the same, whatever the numbers of their rows are.
    """
    tables = database.tables()
    if "exposure" not in tables:
        return {}
    pointers = {(table, column) for table, column, _, _ in database.references()}
    found: Digests = {}
    with database.ask() as ask:
        names = {
            row[0]: row[1] or row[2] or str(row[0])
            for row in ask("SELECT id, archive_id, raw_file FROM exposure")
        }
        for table, columns in sorted(tables.items()):
            owner = "id" if table == "exposure" else next((c for c in _OWNERS if c in columns), "")
            if table in _HISTORY or not owner:
                continue
            kept = [
                column
                for column in columns
                if column not in _PASSING and (table, column) not in pointers
            ]
            listed = ", ".join(f"t.`{column}`" for column in kept) or "1"
            parent = _OWNERS.get(owner)
            whose, join = f"t.{owner}", ""
            if parent is not None:
                whose, join = "p.exposure_id", f" JOIN {parent} p ON p.id = t.{owner}"
            rows = defaultdict(list)
            for exposure, *values in ask(f"SELECT {whose}, {listed} FROM `{table}` t{join}"):  # noqa: S608
                rows[exposure].append(repr(values))
            for exposure, texts in rows.items():
                text = "\n".join(sorted(texts))
                checksum = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
                name = names.get(exposure, f"the exposure {exposure}, which does not exist,")
                found.setdefault(name, {})[table] = f"{len(texts)} {checksum[:16]}"
    return found


def orphans(database: Database) -> list[str]:
    """Return the foreign keys whose rows point to nothing."""
    found = []
    with database.ask() as ask:
        for table, column, parent, key in database.references():
            count = ask(
                f"SELECT COUNT(*) FROM `{table}` c LEFT JOIN `{parent}` p"  # noqa: S608
                f" ON p.`{key or 'id'}` = c.`{column}`"
                f" WHERE c.`{column}` IS NOT NULL AND p.`{key or 'id'}` IS NULL"
            )[0][0]
            if count:
                found.append(f"{count} rows of {table}.{column} point to no {parent}")
    return found


def counts_by_files(root: Path) -> dict[str, dict[str, int]]:
    """Return what astropy counts in the files of each exposure: an oracle without any loader."""
    counts: dict[str, dict[str, int]] = {}
    for cube in sorted(root.glob("**/single/**/*.fits")):
        with fits.open(cube) as hdus:
            archive_id = str(hdus[0].header["PROV1"]).removesuffix(".fits")
        samples = layers = 0
        for psf in root.glob(f"**/analysis/**/{cube.stem}.psf.fits"):
            with fits.open(psf) as hdus:
                samples += sum(len(hdu.data) for hdu in hdus if hdu.name.startswith("PM_"))
        for prm in root.glob(f"**/analysis/**/{cube.stem}.prm.fits"):
            with fits.open(prm) as hdus:
                layers += len(hdus["SPECTRA"].data)
        raws = list(root.glob(f"**/raw/**/{archive_id}.fits*"))
        lasers = 0
        for raw in raws:
            with fits.open(raw) as hdus:
                if "SPARTA_ATM_DATA" in hdus:
                    lasers += 4 * len(hdus["SPARTA_ATM_DATA"].data)
        counts[archive_id] = {
            "source_sample": samples,
            "psf_layer": layers,
            "sparta_atm": lasers,
        }
    return counts


def differences(found: Digests, wanted: Digests, *, whole: bool, but: str = "") -> list[str]:
    """Return how exposures differ from the oracle; all of them must be there if ``whole``."""
    problems = [f"{name} should not be there" for name in found.keys() - wanted.keys()]
    if whole:
        problems += [f"{name} is missing" for name in wanted.keys() - found.keys()]
    for name in sorted(found.keys() & wanted.keys()):
        for table in sorted(found[name].keys() | wanted[name].keys()):
            if but and table.startswith(but):
                continue
            have, want = found[name].get(table, "0"), wanted[name].get(table, "0")
            if have != want:
                problems.append(
                    f"{name}: {table} has {have.split()[0]} rows for {want.split()[0]}"
                    + (", with other values" if have.split()[0] == want.split()[0] else "")
                )
    return problems


def row_counts(found: Digests) -> dict[str, dict[str, int]]:
    """Return the numbers of rows by exposure and table."""
    return {
        name: {table: int(text.split()[0]) for table, text in tables.items()}
        for name, tables in found.items()
    }


def broken(database: Database, wanted: Digests, *, whole: bool) -> list[str]:
    """Return everything that is wrong with a database."""
    found = digests(database)
    problems = differences(found, wanted, whole=whole)
    return problems + orphans(database) + database.faults()


def running_runs(database: Database) -> int:
    """Return how many runs say that they are running."""
    with database.ask() as ask:
        count: Any = ask("SELECT COUNT(*) FROM load_run WHERE outcome = 'running'")[0][0]
    return int(count)
