"""Compare the columns of exposure, psf_layer and source with the headers they were taken from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy import units as u
from sqlalchemy import Connection

from aomuse.models import Exposure, PsfFit, Target
from aomuse.muse.keywords import MJD_KEYWORD, MODE_KEYWORD, PROMOTED, START_KEYWORD, TARGET_KEYWORDS
from aomuse.stored.exposure import StoredExposure
from aomuse.verify.comparison import Comparison


def compare_exposure(
    result: Comparison, connection: Connection, stored: StoredExposure, header: dict[str, Any]
) -> None:
    """Compare an exposure's row with the primary header that speaks for it."""
    row = (
        connection.execute(
            sa.select(*Exposure.__table__.columns, Target.name.label("target"))
            .outerjoin(Target)
            .where(Exposure.id == stored.id)
        )
        .one()
        ._mapping
    )
    for promoted in PROMOTED:
        value = row[promoted.column]
        if promoted.kind == "float":
            value = stored.special.value("exposure", promoted.column, str(stored.id), value)
        _compare(result, promoted.keyword, _usable(header, promoted.keyword, promoted.kind), value)
    targets = [_usable(header, keyword, "text") for keyword in TARGET_KEYWORDS]
    _compare(result, "target", next((t for t in targets if t and t.strip()), None), row["target"])
    mode = _usable(header, MODE_KEYWORD, "text", 64)
    _compare(result, MODE_KEYWORD, mode if mode and mode.strip() else None, row["instrument_mode"])
    start = _start(header.get(START_KEYWORD), header.get(MJD_KEYWORD))
    if row["date_obs_utc"] is not None or start is not None:
        _compare(result, START_KEYWORD, start, row["date_obs_utc"])


def _compare(result: Comparison, name: str, in_file: object, in_database: object) -> None:
    result.values += 1
    if repr(in_file) != repr(in_database):
        result.tell(f"exposure {name}", in_file, in_database)


def _usable(header: dict[str, Any], keyword: str, kind: str, length: int = 255) -> Any:
    """Return a card's value as the column of exposure takes it, None if it does not."""
    value: Any = header.get(keyword)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "float":
            return float(value) if number else None
        case "int":
            fits_in = isinstance(value, int) and number and abs(value) < 2**63
            return value if fits_in else None
        case "flag":
            return value if isinstance(value, bool) else None
        case _:
            return value if isinstance(value, str) and len(value) <= length else None


def _start(date_obs: Any, mjd_obs: Any) -> dt.datetime | None:
    """Return DATE-OBS, else MJD-OBS if it has a time of day and is of the same day."""
    text = date_obs.strip().removesuffix("Z") if isinstance(date_obs, str) else ""
    day, clock = text[:10], text[11:]
    leap = dt.timedelta(seconds=clock[6:8] == "60")
    try:
        time = dt.datetime.fromisoformat(f"{day}T{clock[:6]}59{clock[8:]}" if leap else text) + leap
    except (ValueError, OverflowError):
        time = None
    if time is not None and clock:
        return time if time.year >= 1000 else None
    if not isinstance(mjd_obs, float) or mjd_obs.is_integer() or not 0 < mjd_obs < 4e6:
        return None
    of_mjd = dt.datetime(1858, 11, 17) + dt.timedelta(
        days=int(mjd_obs), microseconds=round((mjd_obs - int(mjd_obs)) * 86_400e6)
    )
    return of_mjd if date_obs is None or of_mjd.isoformat()[:10] == day else None


def compare_wavelengths(
    result: Comparison,
    connection: Connection,
    stored: StoredExposure,
    prm_file_id: int,
    header: dict[str, Any],
) -> None:
    """Compare the wavelengths of a fit's layers with the axis of SPECTRA."""
    fits_of_file = sa.select(PsfFit.id).where(PsfFit.prm_file_id == prm_file_id)
    in_database = [
        wavelength
        for psf_fit_id in connection.scalars(fits_of_file)
        for wavelength in stored.wavelengths_nm(psf_fit_id)
    ]
    wavelengths = _wavelengths(header)
    if wavelengths is None:
        return
    result.values += len(wavelengths)
    same = len(wavelengths) == len(in_database) and np.allclose(
        wavelengths, np.array(in_database, dtype=np.float64), rtol=1e-14, atol=0
    )
    if not same:
        count = len(in_database)
        result.tell("[SPECTRA] wavelengths", f"{len(wavelengths)} layers", f"{count} others")


def _wavelengths(header: dict[str, Any]) -> Any:
    """Return the axis in nm, as astropy reads its unit; None where it is not that of a cube."""
    if str(header.get("CTYPE3", "WAVE")).strip().upper() not in {"", "WAVE", "AWAV"}:
        return None
    first, step = header.get("CRPIX3", 1), header.get("CDELT3", header.get("CD3_3"))
    axis = [header.get("CRVAL3"), step, header.get("NAXIS3"), first]
    if not all(isinstance(value, int | float) for value in axis):
        return None
    start, step, count, first = axis
    try:
        factor = u.Unit(str(header.get("CUNIT3", "m")).strip() or "m").to(u.nm)
    except (ValueError, u.UnitConversionError):
        return None
    found = (start + (np.arange(count) + 1 - first) * step) * factor
    return found if len(found) and 200 <= found.min() <= found.max() <= 2000 else None
