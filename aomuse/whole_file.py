"""Files that are written whole or not at all, and under names that stay in their folder."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

#: Names of files that are not whole yet.
PARTIAL = ".aomuse-*.part"
#: Bytes that a name may have: file systems take 255, and a suffix is to follow.
_LONGEST_NAME = 200
#: What has a meaning in a path on some system, or upsets a terminal; and the sign of the encoding.
_UNSAFE = re.compile(
    r'[%/\\:*?"<>|\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]'
)
#: Names of devices on Windows, with any suffix.
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\.|$)", re.IGNORECASE)


def safe_name(text: str) -> str:
    """Return a text as the name of one file or folder, on any system and in no other folder.

    Examples
    --------
    >>> safe_name("M 54"), safe_name("../M 54"), safe_name("NUL.fits")
    ('M 54', '%2E.%2FM 54', '%4EUL.fits')
    """
    name = _UNSAFE.sub(lambda found: _encoded(found[0]), text)
    if _DEVICE.match(name) or name.startswith("."):
        name = _encoded(name[0]) + name[1:]
    if not name or name[-1] in ". ":
        name = name[:-1] + _encoded(name[-1:] or "\0")
    encoded = name.encode()
    if len(encoded) <= _LONGEST_NAME:
        return name
    # Two long names that differ at their ends only stay two.
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{encoded[: _LONGEST_NAME - 17].decode('utf-8', 'ignore')}~{mark}"


class NoNewsError(Exception):
    """What is written is what is there already."""


@contextmanager
def whole_file(place: Path, *, is_text: bool = True) -> Iterator[IO[Any]]:
    """Write a file under another name and rename it, so that nobody sees half of it.

    Nobody else may read it, unless they could read the file that it replaces. A link is replaced,
    and not what it points to. `NoNewsError` leaves the file that is there as it is.
    """
    partial = place.with_name(PARTIAL.replace("*", secrets.token_hex(8)))
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, *(("w", -1, "utf-8") if is_text else ("wb",))) as file:
            yield file
        with suppress(FileNotFoundError):
            before = place.lstat().st_mode
            if stat.S_ISREG(before):
                partial.chmod(stat.S_IMODE(before))
        partial.replace(place)
    except NoNewsError:
        partial.unlink()
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
