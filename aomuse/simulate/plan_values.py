"""Values of the header templates that follow from the plan, and from the number of a channel."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from aomuse.simulate import sky
from aomuse.simulate.plan import Exposure, iso


def plan_values(exposure: Exposure) -> dict[str, Any]:
    """Return what follows from the plan alone."""
    slot, start, narrow = exposure.slot, exposure.start, exposure.narrow
    target = slot.target
    setup = f"{exposure.field_mode}-{'AO' if exposure.adaptive else 'NOAO'}"
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "exposure": exposure,
        "slot": slot,
        "target": target,
        "setup": setup,
        "template": setup.lower(),
        "order": exposure.index + 1,
        "exposure_number": 60 + exposure.index,
        "block_seconds": int(exposure.total * (slot.exptime + 60.0)) + 600,
        "template_start": exposure.block_start + timedelta(minutes=5),
        "illumination": iso(exposure.block_start),
        "checksum": hashlib.md5(exposure.archive_name.encode(), usedforsecurity=False).hexdigest(),
        "date_obs": iso(start),
        "mjd": sky.mjd(start),
        "utc": (start - midnight).total_seconds(),
        "lst": sky.sidereal_time(start) * 240.0,
        "programme": "60.A-9100(H)" if narrow else "60.A-9100(G)",
        "seeing_asked": 0.8 if narrow else 1.3,
        "atmosphere_asked": "B=30%" if narrow else "NATM",
        "corrector_mode": "AUTO" if narrow else "OFF",
        "pupil_filter": {"WFM-AO-E": "Clear-Na", "WFM-NOAO-N": "Blue"}.get(slot.mode, "Blue-Na2"),
        "slow_guiding": not narrow,
        "raman_flux": 1250.0 + exposure.index,
        "star_flux": _star_flux(exposure),
        "infrared_mode": f"20x20_SmallScale_{500 if target.brightest < 13.0 else 200}Hz_HighGain",
        "infrared_alpha": sky.sexagesimal((target.ra + 0.0003) % 360.0 / 15.0),
        "infrared_delta": sky.sexagesimal(target.dec - 0.0002),
        "alpha": sky.sexagesimal(target.ra / 15.0),
        "delta": sky.sexagesimal(target.dec),
        "star_alpha": sky.sexagesimal((target.ra + 0.012) % 360.0 / 15.0),
        "star_delta": sky.sexagesimal(target.dec + 0.009),
        "guide_ra": (target.ra + 0.06) % 360.0,
        "guide_dec": target.dec - 0.05,
        "west": -exposure.pixel / 3600.0,
        "north": exposure.pixel / 3600.0,
    }


def _star_flux(exposure: Exposure) -> dict[int, float]:
    """Return the fluxes of the guide star, which the narrow field splits over four quadrants."""
    flux = 4.0e7 * 10.0 ** (-0.4 * exposure.slot.target.brightest)
    shares = (0.24, 0.26, 0.255, 0.245) if exposure.narrow else (1.0,)
    return {number: flux * share for number, share in enumerate(shares, 1)}


def channel_values(channel: int) -> dict[str, Any]:
    """Return the values of one channel, 1 to 24, and of the four outputs of its detector."""
    gains = {output: 1.03 + 0.01 * ((7 * channel + 3 * output) % 9) for output in range(1, 5)}
    return {
        "channel": channel,
        "controller": (channel - 1) // 6 + 1,
        "place": (channel - 1) % 6 + 1,
        "gain": gains,
        "inverse_gain": {output: 1.0 / gain for output, gain in gains.items()},
    }
