"""The observing plan: which target, mode and block each exposure belongs to, and when.

An exposure depends on nothing but the seed and its index, so that a short tree is the beginning
of a long one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aomuse.simulate.random_streams import Stream, generator

LASERS = (1, 2, 3, 4)
NIGHTS_A_YEAR = 30
SHIFT = 19.0  # minutes between the starts of two exposures
FIRST_START = timedelta(hours=23, minutes=26)


@dataclass(frozen=True)
class Target:
    """A field: name as typed, J2000 in degrees, V magnitude of its brightest star."""

    name: str
    ra: float
    dec: float
    brightest: float

    @property
    def plain_name(self) -> str:
        """Name without blanks and signs."""
        return "".join(c for c in self.name if c.isalnum())


@dataclass(frozen=True)
class Slot:
    """One place in a night's plan: `block` counts from 0, `lasers` are those that are on."""

    target: Target
    mode: str
    block: int
    exptime: float  # seconds
    lasers: tuple[int, ...] = LASERS
    tip_tilt: bool = True


@dataclass(frozen=True)
class Exposure:
    """An exposure of the plan; its index and night count from 0, its number in the block from 1."""

    index: int
    night: int
    slot: Slot
    number: int
    total: int  # exposures in the block
    block_id: int
    block_start: datetime  # UTC, as all times
    start: datetime

    @property
    def end(self) -> datetime:
        """End of the exposure."""
        return self.start + timedelta(seconds=self.slot.exptime)

    @property
    def adaptive(self) -> bool:
        """Whether adaptive optics is used."""
        return "NOAO" not in self.slot.mode

    @property
    def field_mode(self) -> str:
        """Narrow or wide field, NFM or WFM."""
        return self.slot.mode[:3]

    @property
    def narrow(self) -> bool:
        """Whether the narrow field is used."""
        return self.field_mode == "NFM"

    @property
    def pixel(self) -> float:
        """Pixel size in arcsec."""
        return 0.025 if self.narrow else 0.2

    @property
    def archive_name(self) -> str:
        """Archive name of the raw file, without ``.fz``."""
        return f"MUSE.{iso(self.start)}.fits"

    @property
    def product_name(self) -> str:
        """Name of the reduced cube, without its ending."""
        return f"DATACUBE_FINAL_{self.slot.target.plain_name}_{self.index + 1:04d}"


_NGC6397 = Target("NGC 6397", 265.1754, -53.6743, 13.2)
_BARNARD = Target("Barnard's star", 269.4521, 4.6934, 9.5)
_M54 = Target("M 54", 283.7639, -30.4799, 14.8)
_NGC6388 = Target("NGC 6388", 264.0718, -44.7355, 14.6)
_M22 = Target("M22", 279.0998, -23.9047, 12.9)
_NGC6752 = Target("NGC 6752", 287.7171, -59.9846, 13.0)
_M30 = Target("M 30 (centre)", 325.0922, -23.1799, 13.4)
_TUC47 = Target("47 Tuc", 6.0224, -72.0815, 12.6)
_NGC362 = Target("NGC 362", 15.8094, -70.8488, 13.5)
_FORNAX = Target("Fornax dSph GC3", 39.9500, -34.2594, 17.2)

PLAN = (
    Slot(_NGC6397, "WFM-AO-N", 0, 600.0),
    Slot(_NGC6397, "WFM-AO-N", 0, 600.0, lasers=(1, 2, 4)),
    Slot(_BARNARD, "NFM-AO-N", 1, 300.0),
    Slot(_M54, "WFM-AO-E", 2, 540.0),
    Slot(_NGC6388, "NFM-AO-N", 3, 900.0),
    Slot(_M22, "WFM-NOAO-N", 4, 420.0, lasers=(), tip_tilt=False),
    Slot(_NGC6388, "NFM-AO-N", 3, 900.0),
    Slot(_M22, "WFM-AO-N", 5, 600.0, tip_tilt=False),
    Slot(_M22, "WFM-AO-N", 5, 600.0),
    *[Slot(_NGC6752, "WFM-AO-N", 6, 600.0)] * 2,
    Slot(_NGC6752, "WFM-AO-N", 6, 600.0, lasers=(2, 3, 4)),
    *[Slot(_M30, "NFM-AO-N", 7, 900.0)] * 2,
    Slot(_M30, "WFM-AO-E", 8, 600.0),
    *[Slot(_TUC47, "WFM-AO-N", 9, 300.0)] * 2,
    Slot(_TUC47, "NFM-AO-N", 10, 600.0),
    Slot(_NGC362, "WFM-AO-N", 11, 600.0),
    Slot(_NGC362, "WFM-NOAO-N", 12, 600.0, lasers=(), tip_tilt=False),
    *[Slot(_FORNAX, "WFM-AO-N", 13, 960.0)] * 2,
)


def exposure(seed: int, index: int) -> Exposure:
    """Look up an exposure; nights repeat the plan in one month a year, when its targets are up."""
    night, place = divmod(index, len(PLAN))
    slot = PLAN[place]
    evening = datetime(2018 + night // NIGHTS_A_YEAR, 8, 12) + timedelta(days=night % NIGHTS_A_YEAR)
    members = [i for i, other in enumerate(PLAN) if other.block == slot.block]
    return Exposure(
        index=index,
        night=night,
        slot=slot,
        number=members.index(place) + 1,
        total=len(members),
        block_id=2_000_000 + 1_000 * night + 37 * slot.block + 11,
        block_start=_start(evening, members[0], seed, night) - timedelta(minutes=6, seconds=11),
        start=_start(evening, place, seed, night),
    )


def iso(time: datetime) -> str:
    """Write a time as the headers do, ``YYYY-MM-DDThh:mm:ss.mmm``."""
    return time.isoformat(timespec="milliseconds")


def _start(evening: datetime, place: int, seed: int, night: int) -> datetime:
    late = generator(seed, night * len(PLAN) + place, Stream.PLAN).integers(0, 120_000)
    return evening + FIRST_START + timedelta(minutes=SHIFT * place, milliseconds=int(late))
