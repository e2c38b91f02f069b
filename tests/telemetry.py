"""Telemetry of SPARTA that a PSF can be predicted from."""

from astropy.io import fits


def usable(hdus: fits.HDUList) -> None:
    """Give lasers 1 to 3 an atmosphere that can be reconstructed; laser 4 is off."""
    table = hdus["SPARTA_ATM_DATA"].data
    for laser in range(1, 5):
        on = laser < 4
        table[f"LGS{laser}_SEEING"] = [0.7 + 0.1 * laser, 0.9] if on else 0
        table[f"LGS{laser}_TUR_GND"] = [0.6, 0.7 + 0.01 * laser] if on else 0
        table[f"LGS{laser}_L0"] = [17.3, 21.9] if on else 0
