"""INS: spectrographs, lamps, housekeeping and the derotator."""

from __future__ import annotations

from aomuse.simulate.keywords import Around, Fact, Row, alphabetical, each

IFUS = range(1, 25)
# Channel (detector) that each integral field unit feeds.
CHANNELS = (2, 6, 22, 17, 1, 8, 16, 4, 19, 3, 12, 7, 21, 5, 15, 18, 13, 9, 14, 10, 11, 24, 23, 20)


def _ifu(ifu: int) -> list[Row]:
    part = f"{ifu:02d}"
    return [
        (f"INS IFU{ifu} CABLE ID", "-1", "Cable of the detector"),
        (f"INS IFU{ifu} CHAN", CHANNELS[ifu - 1], "Channel that it feeds"),
        (f"INS IFU{ifu} DV ID", f"{(7 * ifu) % 28 + 1:02d}", "Detector vessel"),
        (f"INS IFU{ifu} ID", part, "Integral field unit"),
        (f"INS IFU{ifu} ISS ID", f"{(5 * ifu) % 24 + 1:02d}", "Image slicer"),
        (f"INS IFU{ifu} PREAMP ID", f"{22 + 2 * ifu}", "Preamplifier"),
        (f"INS IFU{ifu} SPS ID", part, "Spectrograph"),
        (f"INS IFU{ifu} VPHG ID", f"{(11 * ifu) % 32 + 1:02d}", "Grating"),
    ]


def _named(keyword: str, i: int, short: str, name: str) -> list[Row]:
    return [
        (f"INS {keyword}{i} ID", short, f"{keyword.capitalize()} {i}"),
        (f"INS {keyword}{i} NAME", name, f"Name of {keyword.lower()} {i}"),
    ]


def _lamp_sensors(lamp: int) -> list[Row]:
    """List the four sensors of a lamp; lamp n has the sensors 4n-3 to 4n."""
    first = 4 * lamp - 3
    return [
        *_named("SENS", first, f"CURL{lamp}", f"INS LAMP{lamp} Current"),
        (f"INS SENS{first} VAL", Around(15.0, 3.0), f"Current of lamp {lamp}"),
        *_named("SENS", first + 1, f"TTL{lamp}", f"INS LAMP{lamp} Total Time"),
        (f"INS SENS{first + 1} VAL", Around(400.0 + 60 * lamp, 1.0, 0), f"[h] Age of lamp {lamp}"),
        *_named("SENS", first + 2, f"OVTL{lamp}", f"INS LAMP{lamp} Over Temp. Alarm"),
        (f"INS SENS{first + 2} VAL", False, f"T when lamp {lamp} is too warm"),
        *_named("SENS", first + 3, f"ALTL{lamp}", f"INS LAMP{lamp} Temp. Latched Alarm"),
        (f"INS SENS{first + 3} VAL", False, f"T when lamp {lamp} was too warm"),
    ]


_SWITCHES = (
    (31, "CAW1", "Cooling Warning 1", "STAT", False),
    (32, "DOR1", "Door 1 Control", "STAT", False),
    (33, "DOR2", "Door 2 Control", "STAT", False),
    (34, "CAL1", "Cooling Alarm 1", "STAT", False),
    (40, "CAF2", "Flow Rate", "VAL", Around(216.0, 2.0, 0)),
    (46, "XMAS1", "Xtra Muse Aperture Shutter", "STAT", False),
    (51, "ECH1", "Fore Optics Hygrometry", "VAL", Around(17.3, 2.0, 2)),
)

_DEVICES = (
    *((i, f"clx{i}", f"INS LAMP{i} Data") for i in range(1, 7)),
    (7, "dis1", "Cabinet Dig. Sensor"),
    (8, "ccc1", "Cooling controller"),
    (9, "dis2", "Safety Switches"),
    (10, "hsk1", "HSK Encl/IFU env"),
    (13, "cryom", "Cryogenic controller monitoring"),
)

_TEMPERATURES = (
    (1, "CAOT", "Cooling Outlet Temperature", 9.4),
    (2, "CAIT", "Cooling Inlet Temperature", 7.4),
    (3, "CACT", "Cabinet Temperature", 15.2),
    (4, "CAAT", "Ambient Temperature", 10.4),
    (5, "ERT1", "Right Enclosure Temperature 1", 13.3),
    (6, "ERT2", "Right Enclosure Temperature 2", 13.0),
    (7, "IRT1", "Right IFU Temperature 1", 12.5),
    (9, "ELT1", "Left Enclosure Temperature 1", 12.7),
    (10, "ELT2", "Left Enclosure Temperature 2", 12.7),
    (11, "ILT1", "Left IFU Temperature 1", 12.7),
    (13, "ECT1", "Central Enclosure Temperature 1", 13.3),
    (14, "ECT2", "Central Enclosure Temperature 2", 13.6),
    (16, "EBT1", "EBB Crate Temperature", 14.9),
    (17, "EBT2", "Heat Exchanger Temperature", 24.1),
)

# Odd sensors from 21 on read the odd detectors, from 45 on the even ones.
_DETECTOR_SENSORS = tuple(zip(range(21, 68, 2), [*range(1, 25, 2), *range(2, 25, 2)], strict=True))

_LAMP_NAMES = ("ContB", "ContR", "Ne", "Xe", "HgCd", "Ne")

_OPTICS = (
    (1, "2", Fact("pupil_filter"), 2, "FILTER", "Filter in the pupil"),
    (2, "2", Fact("field_mode"), 2, "FILTER", "Optics of the field mode"),
    (3, "1", Fact("field_mode"), 1, "FREE", "Mirror of the calibration unit"),
    (4, "1", "SingleP", 1, "MASK", "Mask of the calibration unit"),
)

_POSITIONS = ((1, 734003, 12.8), (2, 706631, 14.541), (3, 672225, 13.833), (4, 675481, 13.9))

INSTRUMENT: list[Row] = alphabetical(
    [
        *each(
            (1, 2),
            ("INS ADC{i} DEC", Fact("delta", 5), "[ddmmss] Telescope declination"),
            ("INS ADC{i} ENC END", Around(2.1e5, 2e4), "[Enc] Encoder at the end"),
            ("INS ADC{i} ENC START", Around(2.1e5, 2e4), "[Enc] Encoder at the start"),
            ("INS ADC{i} END", Around(-120.0, 60.0, 4), "[deg] Angle at the end"),
            ("INS ADC{i} MODE", Fact("corrector_mode"), "Dispersion corrector {i}"),
            ("INS ADC{i} RA", Fact("alpha", 6), "[hhmmss] Telescope right ascension"),
            ("INS AMPL{i} ID", "ampl{i}", "Amplifier {i}"),
            ("INS AMPL{i} SWSIM", False, "T when simulated"),
        ),
        ("INS AMPL2 FILTER", "Kron_V", "Filter before photodiode 2"),
        ("INS DATE", "2000-06-16", "Release of the instrument software"),
        ("INS DID1", "MUSE_ICS-295084", "Dictionary of the INS keywords"),
        ("INS DID2", "PRIMARY-FITS-1.2", "Dictionary of the INS keywords"),
        ("INS DROT DEC", Fact("delta", 5), "[ddmmss] Telescope declination"),
        ("INS DROT ENC END", Around(1.06e7, 3e4), "[Enc] Encoder at the end"),
        ("INS DROT ENC START", Around(1.07e7, 3e4), "[Enc] Encoder at the start"),
        ("INS DROT END", Fact("derotator_end", 3), "[deg] Derotator at the end"),
        ("INS DROT START", Fact("derotator_start", 3), "[deg] Derotator at the start"),
        ("INS DROT MODE", "SKY", "Mode of the derotator"),
        ("INS DROT POSANG", Fact("position_angle", 3), "[deg] Position angle"),
        ("INS DROT RA", Fact("alpha", 6), "[hhmmss] Telescope right ascension"),
        ("INS ID", "MUSE/176642", "Name of the instrument"),
        *(row for ifu in IFUS for row in _ifu(ifu)),
        ("INS LAMPNUM", 6, "Number of lamps"),
        ("INS MODE", Fact("mode"), "Instrument mode"),
        *(
            row
            for i, slot, name, number, kind, comment in _OPTICS
            for row in (
                (f"INS OPTI{i} ID", slot, comment),
                (f"INS OPTI{i} NAME", name, f"{comment}, name"),
                (f"INS OPTI{i} NO", number, f"{comment}, place"),
                (f"INS OPTI{i} TYPE", kind, f"{comment}, kind"),
            )
        ),
        ("INS PATH", " ", "Optical path"),
        *(
            row
            for i, encoder, position in _POSITIONS
            for row in (
                (f"INS POS{i} ENC", encoder, f"[Enc] Stage {i}"),
                (f"INS POS{i} POS", position, f"[mm] Stage {i}"),
            )
        ),
        *_named("PRES", 1, "ERP1", "Right Enclosure Diff Pressure"),
        ("INS PRES1 VAL", Around(-3.2, 0.1, 2), "[mBar] Right side"),
        *_named("PRES", 2, "ELP1", "Left Enclosure Diff Pressure"),
        ("INS PRES2 VAL", Around(-0.8, 0.1, 2), "[mBar] Left side"),
        *(
            row
            for sensor, detector in _DETECTOR_SENSORS
            for row in (
                (f"INS PRES{sensor} VAL", Around(6e-6, 1e-6, 7), f"[mBar] Detector {detector}"),
                (f"INS TEMP{sensor} VAL", Around(163.0, 0.015, 2), f"[K] Detector {detector}"),
            )
        ),
        *(row for lamp in range(1, 7) for row in _lamp_sensors(lamp)),
        *(
            row
            for i, short, name, key, value in _SWITCHES
            for row in (
                *_named("SENS", i, short, name),
                (f"INS SENS{i} {key}", value, name),
            )
        ),
        ("INS SENS76 VAL", 1.6e-11, "[mBar] Test sensor"),
        *(row for i, short, name in _DEVICES for row in _named("SENSOR", i, short, name)),
        ("INS SENSOR13 SWSIM", True, "T when simulated"),
        *(
            row
            for i, name in enumerate(_LAMP_NAMES, 1)
            for row in (
                *_named("SHUT", i, f"CSH{i}", name),
                (f"INS SHUT{i} ST", False, "T when open"),
            )
        ),
        ("INS SWSIM", "NORMAL", "Software simulation"),
        *(
            row
            for i, short, name, value in _TEMPERATURES
            for row in (
                *_named("TEMP", i, short, name),
                (f"INS TEMP{i} VAL", Around(value, 0.3, 2), f"[C] {name}"),
            )
        ),
    ]
)

LASER_MODES: list[Row] = [
    *each((2, 3, 4), ("INS{i} MODE", " ", "Mode of launch unit {i}")),
    ("INS5 LGSHK OPMODE", " ", "Mode of the laser housekeeping"),
    ("INS5 LGSHK VERBOSE", False, "T when it logs much"),
]
