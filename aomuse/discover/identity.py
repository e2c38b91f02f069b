"""Which exposure a reduced or raw file belongs to, read from its primary header."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass

from astropy.io import fits

from aomuse.errors import FileError
from aomuse.files import FoundFile
from aomuse.fits_structure import quiet_astropy, read_primary_images

#: Archive names: instrument, then the time; ADP marks a product of the archive, not an exposure.
_ARCHIVE_ID = re.compile(r"^(?!ADP\.)[A-Z0-9_]+\.\d{4}-\d\d-\d\dT\d\d[:_]\d\d[:_]\d\d")


@dataclass(frozen=True)
class Identity:
    """What a primary header says about the exposure behind a file.

    Parameters
    ----------
    archive_id : str or None
        Archive name of the raw exposure without ``.fits``.
    raw_file : str or None
        PROV1 with ``.fz`` appended, as AOMUSE 2020 named the raw file.
    combined : bool
        True for a cube made from several exposures (PROV2 exists).
    left_out : str or None
        Why a raw file is not a science exposure.
    facts : tuple
        Start, mode and target, which two files of one exposure must share.
    product : str or None
        ESO PRO CATG.
    start_utc, mjd_utc : datetime.datetime or None
        DATE-OBS, and MJD-OBS as a time.
    """

    archive_id: str | None
    raw_file: str | None = None
    combined: bool = False
    left_out: str | None = None
    facts: tuple[str | None, ...] = ()
    product: str | None = None
    start_utc: dt.datetime | None = None
    mjd_utc: dt.datetime | None = None


def archive_id_of(name: str) -> str:
    """Return a raw file's name without ``.fits`` and ``.fz``.

    Examples
    --------
    >>> archive_id_of("MUSE.2018-08-13T00:05:07.123.fits.fz")
    'MUSE.2018-08-13T00:05:07.123'
    """
    return re.sub(r"\.fits$", "", re.sub(r"\.fz$", "", name.strip(), flags=re.I), flags=re.I)


def read_identity(file: FoundFile) -> Identity:
    """Read a file's primary header and return which exposure it belongs to.

    Parameters
    ----------
    file : FoundFile
        A reduced or raw file.

    Returns
    -------
    Identity
        With ``archive_id`` None where the header names no exposure.

    Raises
    ------
    FileError
        If the header cannot be read.
    """
    try:
        with file.path.open("rb") as stream:
            images = read_primary_images(stream, str(file), os.fstat(stream.fileno()).st_size)
    except OSError as error:
        why = error.strerror or str(error)
        raise FileError("unreadable", str(file), f"the file cannot be read ({why})") from error
    with quiet_astropy():
        return _identity(file, fits.Header.fromstring(images.decode("latin-1")))


def _identity(file: FoundFile, header: fits.Header) -> Identity:
    def text(keyword: str) -> str | None:
        try:
            value = header.get(keyword)
        except (fits.VerifyError, ValueError):
            return None
        return value.strip() if isinstance(value, str) and value.strip() else None

    prov1, arcfile = text("PROV1"), text("ARCFILE")
    archive_id = archive_id_of(prov1) if prov1 and file.role == "reduced" else None
    if archive_id is None and arcfile and _ARCHIVE_ID.match(arcfile):
        archive_id = archive_id_of(arcfile)
    if archive_id is None and file.role == "raw" and _ARCHIVE_ID.match(file.stem):
        archive_id = file.stem
    start = text("DATE-OBS")
    return Identity(
        archive_id=archive_id,
        raw_file=f"{prov1}.fz" if prov1 and file.role == "reduced" else None,
        combined=file.role == "reduced" and text("PROV2") is not None,
        left_out=_left_out(text("ESO DPR CATG"), text("ESO DPR TYPE"))
        if file.role == "raw"
        else None,
        facts=(
            start[:19] if start else None,
            text("ESO INS MODE"),
            text("ESO OBS TARG NAME") or text("OBJECT"),
        ),
        product=text("ESO PRO CATG"),
        start_utc=_iso(start),
        mjd_utc=_mjd(header),
    )


def _iso(text: str | None) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat((text or "").removesuffix("Z")).replace(tzinfo=None)
    except ValueError:
        return None


def _mjd(header: fits.Header) -> dt.datetime | None:
    """Return MJD-OBS as a time; days count from 1858-11-17."""
    try:
        days = header.get("MJD-OBS")
        return dt.datetime(1858, 11, 17) + dt.timedelta(days=float(days))
    except (fits.VerifyError, ValueError, TypeError, OverflowError):
        return None


def _left_out(category: str | None, kind: str | None) -> str | None:
    if category is not None and category != "SCIENCE":
        return f"ESO DPR CATG is {category}"
    if kind is not None and "SKY" in kind.upper():
        return f"ESO DPR TYPE is {kind}"
    return None
