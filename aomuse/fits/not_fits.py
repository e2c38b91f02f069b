"""What a file is that has the name of a FITS file, and does not begin like one."""

from __future__ import annotations

import re

#: Bytes that tell what a file is.
LEAD_BYTES = 200
#: How compressed files begin, and the programs that unpack them.
_PACKED = {
    b"\x1f\x8b": "gunzip",
    b"\x1f\x9d": "uncompress",
    b"BZh": "bunzip2",
    b"\xfd7zXZ": "unxz",
    b"PK\x03\x04": "unzip",
    b"\x28\xb5\x2f\xfd": "unzstd",
}
_POINTERS = (
    (re.compile(rb"version https://git-lfs"), "git-lfs", "git lfs pull"),
    (re.compile(rb"[^\n]*/annex/objects/"), "git-annex", "git annex get"),
)


def unpacked_by(lead: bytes) -> str | None:
    """Return the program that unpacks a file that begins so, None if it is not compressed."""
    return next((program for magic, program in _PACKED.items() if lead.startswith(magic)), None)


def pointer_problem(lead: bytes) -> str | None:
    """Return what is wrong with a file that only stands for the real one, else None."""
    for pattern, system, command in _POINTERS:
        if pattern.match(lead):
            return (
                f"this is a pointer of {system} in place of the file: get the file itself with "
                f"{command}"
            )
    return None


def why_not_fits(lead: bytes) -> str:
    """Return what is wrong with a file that begins so, and what to do."""
    program = unpacked_by(lead)
    if program:
        return f"the file is compressed, whatever its name says: unpack it with {program}"
    if lead.lstrip()[:1] == b"<":
        return (
            "this is a page of HTML or XML, not a FITS file: the download failed, get the file "
            "again"
        )
    return pointer_problem(lead) or (
        "this is not a FITS file (it does not begin with SIMPLE): remove or rename it"
    )
