"""LGS1 to LGS5: the four launch units and their common housekeeping."""

from __future__ import annotations

from aomuse.simulate.keywords import Around, Fact, Row, alphabetical, each

UNITS = range(1, 5)

_LOOP: list[Row] = [
    ("CTRLOOP AUTO", True, "T starts the loop by itself"),
    ("CTRLOOP DEBUG", False, "T when debugging"),
    ("CTRLOOP FOCUS AOOFFSET", 0, "Focus offset from the real-time computer"),
    ("CTRLOOP FOCUS AUTO", True, "T starts focusing by itself"),
    ("CTRLOOP FOCUS ENABLE", True, "T with the focus loop"),
    ("CTRLOOP FOCUS OFFSET", 0, "Focus offset of the user"),
    ("CTRLOOP FOCUS PERIOD", 0, "[ms] Period of focusing"),
    ("CTRLOOP FOCUS SWSIM", False, "T when simulated"),
    ("CTRLOOP LOOPST", True, "T when the loop runs"),
    ("CTRLOOP READCFG", " ", "Configuration to read"),
    ("CTRLOOP TRACK AUTO", True, "T starts tracking by itself"),
    ("CTRLOOP TRACK ENABLE", True, "T with tracking"),
    ("CTRLOOP TRACK PERIOD", 0, "[ms] Period of tracking"),
    ("CTRLOOP VERBOSE", False, "T when it logs much"),
]

_ANALOGUE: list[Row] = [
    ("SENS1 VAL8", Around(16.0, 0.8), "[degC] Cabinet"),
    ("SENS1 VAL9", Around(20.0, 0.8), "[degC] Controller"),
    ("SENS1 VAL10", Around(10.5, 0.6), "[degC] Cooling plate"),
    ("SENS1 VAL11", Around(12.0, 0.6), "[degC] Lens of the expander"),
    ("SENS1 VAL12", Around(11.0, 0.8), "[degC] Base of the launch telescope"),
    ("SENS1 VAL13", Around(11.5, 0.6), "[degC] Structure of the launch telescope"),
    ("SENS1 VAL14", Around(13.5, 0.8), "[degC] Mount of L2"),
    ("SENS1 VAL15", Around(746.5, 0.6), "[mbar] Air in the launch telescope"),
    ("SENS1 VAL17", 1, "[l/min] Coolant of the cabinet"),
    ("SENS1 VAL18", 1, "[l/min] Coolant of the beam control"),
]


def _unit(n: int) -> list[Row]:
    last: Row = (
        ("SENS1 VAL16", 0, "[W] Power at the bolometer")
        if n == 1
        else ("SENS1 VAL19", 1, "[mrad] Tip of the jitter mirror")
    )
    name = "MLGSF" if n == 1 else f"MLGSF{n}"
    rows: list[Row] = [
        *_LOOP,
        ("DID1", f"{name}_ICS-297542", "Dictionary"),
        ("DID2", "PRIMARY-FITS-1.2", "Dictionary"),
        ("ID", f"{name}/176642", "Name of the unit"),
        ("IODEV1 ID", f"asen{n}", "Sensor device"),
        ("IODEV1 NAME", "OTA/BCDS analog sensors", "Name of the device"),
        (f"JLC{n} CFG CLOSE", False, "T for a closed jitter loop"),
        (f"JLC{n} FS ALTDAC", Around(25000, 2500), "Field selector in altitude"),
        (f"JLC{n} FS AZDAC", Around(33000, 6000), "Field selector in azimuth"),
        (f"JLC{n} JLM ALTDAC", 32768, "Jitter mirror in altitude"),
        (f"JLC{n} JLM AZDAC", 32768, "Jitter mirror in azimuth"),
        (f"LASR{n} DETUNE", False, "T when detuned from sodium"),
        (f"LASR{n} LUSTATE", Fact(f"laser_{n}_state"), "State of the laser"),
        (f"LASR{n} OPMODE", 3, "Mode of the laser"),
        (f"LASR{n} POWER", Fact(f"laser_{n}_power", 3), "[W] Power"),
        (f"LASR{n} REPUMPER AMPL", Around(12, 1), "[%] Amplitude of the repumper"),
        (f"LASR{n} REPUMPER ST", Fact(f"laser_{n}_on"), "T when the repumper is on"),
        (f"LASR{n} SHUT STATE", 0, "Shutter of the laser"),
        (f"LASR{n} SWSIM", Fact(f"laser_{n}_simulated"), "T when the laser is simulated"),
        (f"LASR{n} WLEN LOOP", Fact(f"laser_{n}_on"), "T when the wavelength is locked"),
        (f"LASR{n} WLEN VALUE", 589, "[nm] Wavelength"),
        ("OPTI1 ID", " ", "Optics"),
        ("OPTI1 NAME", " ", "Name of the optics"),
        ("OPTI1 NO", -1, "Place of the optics"),
        ("OPTI1 TYPE", " ", "Kind of optics"),
        *_ANALOGUE,
        last,
        ("SHUT1 ID", f"ltcs{n}", "Shutter"),
        ("SHUT1 NAME", "LT Cover Shutter", "Name of the shutter"),
        ("SHUT1 ST", Fact(f"laser_{n}_on"), "T when open"),
        ("SHUT2 ID", f"ms{n}", "Shutter"),
        ("SHUT2 NAME", "BCDS Mirror Shutter", "Name of the shutter"),
        ("SHUT2 ST", Fact(f"laser_{n}_on"), "T when open"),
        ("SWSIM", "NORMAL", "Software simulation"),
    ]
    return [(f"LGS{n} {keyword}", value, comment) for keyword, value, comment in rows]


_HOUSEKEEPING_DEVICES = (
    ("sis1", "LGSU1 Interlock Signals"),
    ("sis2", "LGSU2 Interlock Signals"),
    ("sis3", "LGSU3 Interlock Signals"),
    ("sis4", "LGSU4 Interlock Signals"),
    ("sis5", "Housekeeping Interlocks"),
    ("ioaas", "AAS IO device"),
    ("iolpc", "LPC IO device"),
)

_COOLING = (
    (6, "[l/min] Flow in cabinet 1"), (11, "[l/min] Flow of the heat exchanger"),
    (4, "[mbar] Supply pressure"), (2, "[mbar] Return pressure"),
    (4, "[mbar] Centre piece supply"), (4, "[mbar] Centre piece return"),
    (7, "[degC] Supply"), (9, "[degC] Return"), (12, "[degC] Centre piece supply"),
    (9, "[degC] Centre piece return"), (10, "[degC] Cold air in cabinet 1"),
    (13, "[degC] Warm air in cabinet 1"), (13, "[degC] Ambient air"),
    (20, "[degC] Air in cabinet 2"), (42, "[degC] Housekeeping computer"),
    (34, "[degC] Computer of unit 1"), (35, "[degC] Computer of unit 2"),
    (29, "[degC] Computer of unit 3"), (30, "[degC] Computer of unit 4"),
    (5, "[l/min] Flow in cabinet 2"), (9, "[l/min] Flow of the centre piece"),
)  # fmt: skip

_HOUSEKEEPING: list[Row] = [
    *each(
        (1, 2),
        ("LGS5 AAS{i} ALARM", False, "T when an aircraft is seen"),
        ("LGS5 AAS{i} ALIVE", True, "T when the watch is alive"),
        ("LGS5 AAS{i} CAMERAST", True, "T when the camera is on"),
        ("LGS5 AAS{i} INCRBG", False, "T with a bright background"),
        ("LGS5 AAS{i} ST", True, "T when the watch runs"),
    ),
    ("LGS5 DID1", "MLGSF5_ICS-274309", "Dictionary"),
    ("LGS5 DID2", "PRIMARY-FITS-1.2", "Dictionary"),
    ("LGS5 ID", "MLGSF5/176642", "Name of the unit"),
    *(
        row
        for i, (short, name) in enumerate(_HOUSEKEEPING_DEVICES, 1)
        for row in (
            (f"LGS5 IODEV{i} ID", short, f"Sensor device {i}"),
            (f"LGS5 IODEV{i} NAME", name, f"Name of device {i}"),
        )
    ),
    ("LGS5 LPC ID", "LPC", "Pointing camera"),
    ("LGS5 LPC NAME", "Lpc", "Name of the pointing camera"),
    ("LGS5 OPTSW INENABLE", "T", "Input port enabled"),
    ("LGS5 OPTSW MODE", "GALACSI", "Who uses the lasers"),
    ("LGS5 OPTSW OUTENABLE", "T", "Output ports enabled"),
    ("LGS5 OPTSW PORTIN", "1g", "Input port"),
    ("LGS5 OPTSW SWSIM", False, "T when simulated"),
    ("LGS5 OPTSW VALIDIN", "T", "Input port connected"),
    ("LGS5 OPTSW VALIDOUT", "T", "Output ports connected"),
    *(
        (f"LGS5 SENS1 VAL{i}", Around(value, 0.4), comment)
        for i, (value, comment) in enumerate(_COOLING, 1)
    ),
    ("LGS5 SENSOR1 ID", "asen5", "Sensor device"),
    ("LGS5 SENSOR1 NAME", "Housekeeping sensors", "Name of the device"),
    ("LGS5 SWSIM", "NORMAL", "Software simulation"),
]

LASERS: list[Row] = alphabetical([*(row for n in UNITS for row in _unit(n)), *_HOUSEKEEPING])
