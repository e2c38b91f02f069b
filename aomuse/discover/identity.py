"""Which exposure a file belongs to, by its primary header."""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import Any

from aomuse.discover.archive_names import archive_id_of, is_archive_name
from aomuse.discover.provenance import combined_by, mark_of
from aomuse.errors import FileError
from aomuse.exchange.files import FoundFile, Identity, Role
from aomuse.fits.opening import opened
from aomuse.fits.plain_cards import decode, read_plain
from aomuse.fits.structure import CARD, read_primary_images
from aomuse.muse.keywords import plain_keyword
from aomuse.muse.psf_models import PROFILE_KEYWORD

#: Other products of the pipeline (ESO PRO CATG), by how they begin.
CALIBRATIONS = ("PIXTABLE", "MASTER", "LINE", "SKY", "STD_", "TRACE")
#: Products that are loaded, and their roles.
_PRODUCTS: dict[str, Role] = {"DATACUBE_FINAL": "reduced", "RAMAN_IMAGES": "raman"}
_KEYWORDS = (
    *("ARCFILE", "DATE-OBS", "MJD-OBS", "OBJECT"),
    *("ESO PRO CATG", "ESO DPR CATG", "ESO DPR TYPE", "ESO INS MODE", "ESO OBS TARG NAME"),
)
#: The same as they stand before the equals sign of their cards.
_WANTED = {
    (f"HIERARCH {keyword}" if " " in keyword else keyword).encode(): keyword
    for keyword in _KEYWORDS
}
#: A time of day follows the date; the last second of a minute may be a leap second.
_TIME = re.compile(r"[T ]\d\d:?\d\d")
_LEAP = re.compile(r"([T ]\d\d:\d\d):60")


def read_identity(file: FoundFile) -> Identity:
    """Read a file's primary header and return which exposure it belongs to."""
    with opened(file.path, str(file)) as stream:
        images = read_primary_images(stream, str(file), os.fstat(stream.fileno()).st_size)
    return _identity(file, _picked(images))


def read_psf_profile(file: FoundFile) -> str | None:
    """Return the PSF model that PampelMuse's configuration in a primary header names."""
    try:
        with opened(file.path, str(file)) as stream:
            images = read_primary_images(stream, str(file), os.fstat(stream.fileno()).st_size)
    except FileError:
        # Whoever reads the file says what is wrong with it.
        return None
    for start in range(0, len(images), CARD):
        card = images[start : start + CARD]
        name = decode(card.partition(b"=")[0])
        if name.startswith("HIERARCH") and plain_keyword(name) == PROFILE_KEYWORD:
            value = _value(card)
            return value.strip().lower() or None if isinstance(value, str) else None
    return None


def _picked(images: bytes) -> dict[str, Any]:
    """Return the values of the wanted keywords, of repeated ones the first."""
    values: dict[str, Any] = {}
    for start in range(0, len(images), CARD):
        name = images[start : start + CARD].partition(b"=")[0].rstrip()
        keyword = _WANTED.get(name) or mark_of(name)
        if keyword is None or values.get(keyword) is not None:
            continue
        stop = start + CARD
        while images.startswith(b"CONTINUE", stop):
            stop += CARD
        values[keyword] = _value(images[start:stop])
    return values


def _value(images: bytes) -> Any:
    """Return the value of a card with its continuations, None if nobody can parse it."""
    row = read_plain(0, decode(images)) if len(images) == CARD else None
    if row is None:
        # Here and not above: astropy takes long to import, and hardly any card needs it.
        from aomuse.fits.cards import parsed_value

        return parsed_value(images)
    _, _, _, _, integer, number, text = row
    return text if text is not None else number if integer is None else integer


def _identity(file: FoundFile, header: dict[str, Any]) -> Identity:
    def text(keyword: str) -> str | None:
        value = header.get(keyword)
        return value.strip() if isinstance(value, str) and value.strip() else None

    product = text("ESO PRO CATG")
    role, left_out = _role(file.role, product, text("ESO DPR CATG"), text("ESO DPR TYPE"))
    prov1, arcfile = text("PROV1"), text("ARCFILE")
    archive_id = archive_id_of(prov1) if prov1 and role == "reduced" else None
    if archive_id is None and arcfile and is_archive_name(arcfile):
        archive_id = archive_id_of(arcfile)
    if archive_id is None and role == "raw" and is_archive_name(file.stem):
        archive_id = archive_id_of(file.stem)
    several = combined_by(header) if role == "reduced" else None
    start = text("DATE-OBS")
    return Identity(
        archive_id=archive_id,
        raw_file=f"{prov1}.fz" if prov1 and role == "reduced" else None,
        combined=several and f"combined from several exposures ({several})",
        left_out=left_out,
        facts=(
            start[:19] if start else None,
            text("ESO INS MODE"),
            text("ESO OBS TARG NAME") or text("OBJECT"),
        ),
        role=role,
        product=product,
        start_utc=_iso(start),
        mjd_utc=_mjd(header.get("MJD-OBS")),
    )


def _role(
    role: Role, product: str | None, category: str | None, kind: str | None
) -> tuple[Role, str | None]:
    """Return the role of a file by folder and header, and why it is left out, if it is."""
    if product is not None:
        # Within single/ an image of the field of view stands for the cube that it was made from.
        is_cube = role == "reduced" and not product.startswith(CALIBRATIONS)
        left_out = None if product in _PRODUCTS or is_cube else f"ESO PRO CATG is {product}"
        return _PRODUCTS.get(product, role), left_out
    if role == "reduced":
        return role, None
    if category not in (None, "SCIENCE"):
        return role, f"ESO DPR CATG is {category}"
    if "SKY" in (kind or "").upper():
        return role, f"ESO DPR TYPE is {kind}"
    if role != "raw" and category is None:
        return role, "its header has neither ESO PRO CATG nor ESO DPR CATG"
    return "raw", None


def _iso(text: str | None) -> dt.datetime | None:
    """Return DATE-OBS as a time; a date alone is none, and second 60 is the next one."""
    plain = _LEAP.sub(r"\1:59", text or "")
    if not _TIME.search(plain):
        return None
    try:
        time = dt.datetime.fromisoformat(plain)
        if time.tzinfo is not None:
            time = time.astimezone(dt.UTC).replace(tzinfo=None)
        return time + dt.timedelta(seconds=plain != (text or ""))
    except (ValueError, OverflowError):
        return None


def _mjd(days: Any) -> dt.datetime | None:
    """Return MJD-OBS as a time; days count from 1858-11-17."""
    try:
        return dt.datetime(1858, 11, 17) + dt.timedelta(days=float(days))
    except (ValueError, TypeError, OverflowError):
        return None
