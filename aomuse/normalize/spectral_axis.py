"""The wavelengths of the layers, from the header of the SPECTRA image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aomuse.exchange.content import HduContent

Floats = npt.NDArray[np.float64]

#: A cube of MUSE has 3,681 layers; a header that claims a thousand times as many is damaged.
MAX_LAYERS = 4_000_000
#: MUSE sees 465 to 935 nm; what is far from that is in another unit than the header says.
_MIN_NM, _MAX_NM = 200.0, 2_000.0

#: What a wavelength is multiplied by and divided by to be in nm: exact, which a factor 0.1 is not.
_METRES = (10**9, 1)
_UNITS = {
    **dict.fromkeys(("m", "meter", "metre", "meters", "metres"), _METRES),
    "mm": (10**6, 1),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer"), (10**3, 1)),
    **dict.fromkeys(("nm", "nanometer", "nanometers"), (1, 1)),
    **dict.fromkeys(("angstrom", "angstroms", "aa", "a", "å", "0.1nm", "0.1 nm"), (1, 10)),
}
#: Axes whose layers are not at equal distances in wavelength, by how CTYPE3 begins or ends.
_OTHER_AXES = ("FREQ", "ENER", "WAVN", "VELO", "VRAD", "VOPT", "ZOPT", "BETA")
_OTHER_STEPS = ("-LOG", "-TAB", "-GRI", "-GRA")


def read_wavelengths(hdu: HduContent) -> Floats | str:
    """Return the wavelengths of the layers, nm, or why the header does not tell them.

    Without CUNIT3 they are metres, as PampelMuse of 2020 wrote them and AOMUSE took them; without
    CRPIX3 the first layer is at CRVAL3.
    """
    start, count = _number(hdu, "CRVAL3"), _number(hdu, "NAXIS3")
    steps = (_number(hdu, keyword) for keyword in ("CDELT3", "CD3_3"))
    step = next((s for s in steps if s is not None), None)
    if start is None or step is None or count is None or not 0 <= count <= MAX_LAYERS:
        return "the header lacks a number CRVAL3, CDELT3 or NAXIS3"
    kind = _text(hdu, "CTYPE3").upper()
    if kind.startswith(_OTHER_AXES) or kind.endswith(_OTHER_STEPS):
        return f"CTYPE3 is {kind}, and layers at equal distances in wavelength are read"
    unit = _text(hdu, "CUNIT3")
    known = _UNITS.get(unit.lower()) if unit else _METRES
    if known is None:
        return f"CUNIT3 is {unit!r}, not a unit of wavelength that is read (m, um, nm, Angstrom)"
    first = _number(hdu, "CRPIX3")
    places = np.arange(int(count)) + (1 - (1.0 if first is None else first))
    multiply, divide = known
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.asarray((start + places * step) * multiply / divide, dtype=np.float64)
    if len(found) and not np.all((found >= _MIN_NM) & (found <= _MAX_NM)):
        return (
            f"CRVAL3 {start:g}, CDELT3 {step:g} and {f'CUNIT3 {unit}' if unit else 'no CUNIT3'} "
            f"give {found[0]:g} to {found[-1]:g} nm, and MUSE sees 465 to 935"
        )
    return found


def _number(hdu: HduContent, keyword: str) -> float | None:
    value = _value(hdu, keyword)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _text(hdu: HduContent, keyword: str) -> str:
    value = _value(hdu, keyword)
    return value.strip() if isinstance(value, str) else ""


def _value(hdu: HduContent, keyword: str) -> Any:
    return hdu.values((keyword,)).get(keyword)
