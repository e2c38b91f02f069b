"""INS AO and AOS: the adaptive-optics module GALACSI and its real-time computer."""

from __future__ import annotations

from aomuse.simulate.keywords import Around, Fact, Row, alphabetical, each

_CAMERAS = ("LGS1", "LGS2", "LGS3", "LGS4", "VITT")


def _camera(first_value: int, first_alarm: int, name: str) -> list[Row]:
    """List the readings of one camera head, which are numbered in blocks of nine."""
    faults = ("CCD too warm", "block too warm", "hardware fault", "block failure", "alarm")
    return [
        (f"INS AO SENS4 VAL{first_value}", -40.0, f"[C] {name} CCD set point"),
        (f"INS AO SENS4 VAL{first_value + 1}", Around(-40, 0.002, 3), f"[C] {name} CCD"),
        (f"INS AO SENS4 VAL{first_value + 2}", Around(12.7, 0.4, 3), f"[C] {name} block"),
        (f"INS AO SENS4 VAL{first_value + 3}", Around(49.5, 1.8, 3), f"[%] {name} cooling power"),
        *(
            (f"INS AO SENS4 STAT{first_alarm + i}", False, f"{name} {fault}")
            for i, fault in enumerate(faults)
        ),
    ]


_WARNINGS = {
    2: "cabinet too warm", 3: "leak at the tip-tilt camera", 4: "supply L2 fails",
    5: "leak at WFS 2-4", 6: "supply L3 fails", 7: "leak at WFS 1-3", 8: "Peltier 1",
    9: "Peltier 4", 10: "Peltier 2", 11: "Peltier 5", 12: "Peltier 3",
}  # fmt: skip

_CRYOSTAT = (
    ("VAL1", Around(0.556, 0.002, 3), "[mbar] Vacuum of the main line"),
    ("VAL3", Around(286.3, 0.5, 3), "[K] Cold plate"),
    ("VAL4", Around(286.0, 0.5, 3), "[K] Nitrogen exhaust"),
    ("VAL5", Around(286.9, 0.5, 3), "[K] Sorption pump"),
    ("VAL7", 84.0, "[K] Set point of the cold plate"),
    ("VAL8", 275.0, "[K] Set point of the exhaust"),
    ("VAL9", 0.0, "[K] Set point of the pump"),
    ("STAT10", False, "Warm or cold"),
    ("STAT11", False, "Set point started"),
    ("STAT12", False, "Cold plate flow off"),
    ("STAT13", False, "Exhaust heater off"),
)

_COOLING = (
    ("VAL5", Around(14.3, 0.3, 1), "[C] Cooled air"),
    ("VAL6", Fact("temperature", 1), "[C] Ambient air"),
    ("VAL7", Around(17.7, 0.3, 1), "[C] Warm air"),
    ("VAL8", Around(6.1, 0.2, 1), "[C] Difference in air"),
    ("VAL9", 0.0, "[l/min] Flow of the liquid"),
    ("VAL10", Around(11.8, 0.3, 1), "[C] Water in"),
    ("VAL11", Around(14.2, 0.3, 1), "[C] Water out"),
    ("VAL12", Around(2.4, 0.1, 1), "[C] Difference in water"),
    ("STAT1", False, "Fan"),
    ("STAT2", False, "Valve"),
    ("STAT3", False, "Alarm of the cabinet"),
    ("STAT4", False, "Door"),
)

_FOCUS = (
    ("1", Fact("field_mode"), "TRACK", 69.3, 0.2),
    ("2", "default", "STAT", 199.3, 0.0),
)

MODULE: list[Row] = alphabetical(
    [
        ("INS AO DID1", "MUSF_ICS-297345", "Dictionary of these keywords"),
        ("INS AO DID2", "PRIMARY-FITS-1.2", "Dictionary of these keywords"),
        *(
            row
            for i, (slot, name, number) in enumerate(
                (("PS2", "CLEAR", 2), ("PS8", "625/50", 8), (" ", " ", -1)), 1
            )
            for row in (
                (f"INS AO FILT{i} ID", slot, f"Filter {i}"),
                (f"INS AO FILT{i} NAME", name, f"Name of filter {i}"),
                (f"INS AO FILT{i} NO", number, f"Place on wheel {i}"),
            )
        ),
        *(
            row
            for i, config, mode, position, offset in _FOCUS
            for row in (
                (f"INS AO FOCU{i} CONFIG", config, f"Setup of focus stage {i}"),
                (f"INS AO FOCU{i} DEC", Fact("delta", 3), "[ddmmss] Telescope declination"),
                (f"INS AO FOCU{i} HNA", Around(90.0, 0.6, 2), "[km] Height of the sodium"),
                (f"INS AO FOCU{i} LOOFFS", offset, "[nm] Low-order offset"),
                (f"INS AO FOCU{i} MODE", mode, f"Mode of focus stage {i}"),
                (f"INS AO FOCU{i} OFFSET", 0.0, "[mm] Offset"),
                (f"INS AO FOCU{i} POS", Around(position, 0.1, 3), "[mm] Position"),
                (f"INS AO FOCU{i} RA", Fact("alpha", 3), "[hhmmss] Telescope right ascension"),
            )
        ),
        ("INS AO ID", "MUSF/176642", "Name of the module"),
        *(
            row
            for i, (slot, name, number) in enumerate(
                (("POS1", "", 1), ("POS1", "", 1), ("POS2", "OUT", 2), (" ", " ", -1)), 1
            )
            for row in (
                (f"INS AO MIRR{i} ID", slot, f"Mirror {i}"),
                (f"INS AO MIRR{i} NAME", name or Fact("field_mode"), f"Name of mirror {i}"),
                (f"INS AO MIRR{i} NO", number, f"Place of slide {i}"),
            )
        ),
        ("INS AO MODE", Fact("field_mode"), "Field mode of the module"),
        *(
            row
            for i, slot, name, number in ((2, "PS1", "LF", 1), (3, "OUT", "OUT", 2))
            for row in (
                (f"INS AO OPTI{i} ID", slot, f"Optics {i}"),
                (f"INS AO OPTI{i} NAME", name, f"Name of optics {i}"),
                (f"INS AO OPTI{i} NO", number, f"Place of optics {i}"),
                (f"INS AO OPTI{i} TYPE", "FILTER", f"Kind of optics {i}"),
            )
        ),
        *(
            row
            for i, position in ((2, 10757.0), (3, 14.46), (4, 13.01), (5, -11.0), (6, -7.0))
            for row in (
                (f"INS AO POS{i} POS", Around(position, 0.01, 3), f"Position {i} [mm or deg]"),
                (f"INS AO POS{i} TEMP", 0.0, f"[C] Temperature for position {i}"),
            )
        ),
        ("INS AO ROT1 COLLNSYM", True, "T corrects uneven distortion"),
        ("INS AO ROT1 COLLSYM", True, "T corrects even distortion"),
        ("INS AO ROT1 CU", False, "T for the calibration unit"),
        ("INS AO ROT1 DEC", Fact("delta", 3), "[ddmmss] Telescope declination"),
        ("INS AO ROT1 INCS", "EQUATORIAL", "Coordinate system of the input"),
        ("INS AO ROT1 MODE", "TRACKING", "Mode of the derotator"),
        ("INS AO ROT1 OFFSDEC", 0.0, "[arcsec] Offset in Dec"),
        ("INS AO ROT1 OFFSRA", 0.0, "[arcsec] Offset in RA"),
        ("INS AO ROT1 POM", True, "T with a pointing model"),
        ("INS AO ROT1 RA", Fact("alpha", 3), "[hhmmss] Telescope right ascension"),
        ("INS AO ROT1 RADENC", Around(3.06e5, 9e3), "[Enc] Radial stage"),
        ("INS AO ROT1 RHO", Around(46.0, 4.0, 3), "[mm] Distance in the field"),
        ("INS AO ROT1 ROTENC", Around(8.8e5, 4e4), "[Enc] Rotary stage"),
        ("INS AO ROT1 THETA", Around(-52.0, 30.0, 4), "[deg] Angle in the field"),
        ("INS AO ROT1 TTDEC", Fact("star_delta", 3), "[ddmmss] Tip-tilt star declination"),
        ("INS AO ROT1 TTRA", Fact("star_alpha", 3), "[hhmmss] Tip-tilt star right ascension"),
        ("INS AO ROT1 WLEN", 750.0, "[nm] Wavelength of the field selector"),
        ("INS AO ROT1 X", Around(28.0, 3.0, 4), "[mm] Place in the focal plane"),
        ("INS AO ROT1 Y", Around(-36.0, 3.0, 4), "[mm] Place in the focal plane"),
        *((f"INS AO SENS1 STAT{i}", False, f"Warning: {why}") for i, why in _WARNINGS.items()),
        ("INS AO SENS1 VAL1", Around(5.67, 0.05, 3), "[l/min] Cooling flow"),
        ("INS AO SENS2 ID", "detT", "Sensor"),
        ("INS AO SENS2 NAME", "IR Det Temp.", "Name of the sensor"),
        ("INS AO SENS2 VAL1", Around(286.0, 0.4, 3), "[K] Infrared detector"),
        *((f"INS AO SENS3 {key}", value, comment) for key, value, comment in _CRYOSTAT),
        *(
            row
            for i, name in enumerate(_CAMERAS)
            for row in _camera(1 + 9 * i, 5 + 9 * i, name)
        ),
        *((f"INS AO SENS5 {key}", value, comment) for key, value, comment in _COOLING),
        ("INS AO SENS6 ID", "CB2T", "Sensor"),
        ("INS AO SENS6 NAME", "Cabinet2 Temp", "Name of the sensor"),
        ("INS AO SENS6 VAL1", Around(19.0, 0.3, 1), "[C] Cabinet 1"),
        ("INS AO SENS6 VAL2", Around(15.5, 0.3, 1), "[C] Cabinet 2"),
        *(
            row
            for i, short, name in (
                (1, "flm1", "Flow sensor"), (2, "irtmp", "IR det controller"),
                (5, "pccc", "PLC cooling controller"), (6, "asen1", "Analog sen."),
            )
            for row in (
                (f"INS AO SENSOR{i} ID", short, f"Sensor device {i}"),
                (f"INS AO SENSOR{i} NAME", name, f"Name of device {i}"),
            )
        ),
        ("INS AO SHUT1 ID", "ISHUT", "Shutter"),
        ("INS AO SHUT1 NAME", "Instrument shutter", "Name of the shutter"),
        ("INS AO SHUT1 ST", True, "T when open"),
        ("INS AO SHUT2 ID", "PWRC", "Shutter"),
        ("INS AO SHUT2 NAME", "PWR Control", "Name of the shutter"),
        ("INS AO SHUT2 STAT", "On", "State"),
        ("INS AO SWSIM", "NORMAL", "Software simulation"),
    ]
)  # fmt: skip

_SENSORS = each(
    range(1, 5),
    ("AOS LGS{i} DET GAIN", 100, "Gain of camera {i}"),
    ("AOS LGS{i} ENABLED", Fact("laser_{i}_on"), "T when laser {i} is in the loop"),
    ("AOS LGS{i} FLUX", Fact("laser_{i}_flux", 1), "[ADU] Median flux of laser {i}"),
    ("AOS LGS{i} FSM X", Around(0.0, 0.05, 4), "Steering mirror of laser {i}, x"),
    ("AOS LGS{i} FSM Y", Around(0.0, 0.05, 4), "Steering mirror of laser {i}, y"),
    ("AOS LGS{i} FWHM GAIN", Fact("laser_{i}_gain", 3), "Width without over with correction"),
    ("AOS LGS{i} L0", Fact("laser_{i}_l0", 3), "[m] Outer scale seen by sensor {i}"),
    ("AOS LGS{i} R0", Fact("laser_{i}_r0", 4), "[m] Fried parameter seen by sensor {i}"),
    ("AOS LGS{i} ROTATION", Around(0.0, 0.05, 4), "[deg] Mirror against sensor {i}"),
    ("AOS LGS{i} SEEING", Fact("laser_{i}_seeing", 3), "[arcsec] Seeing at sensor {i}"),
    ("AOS LGS{i} SLOPERMSX", Fact("laser_{i}_slope", 4), "[pix] Scatter of slopes in x"),
    ("AOS LGS{i} SLOPERMSY", Fact("laser_{i}_slope", 4), "[pix] Scatter of slopes in y"),
    ("AOS LGS{i} SPOTSIZE1", Around(1.6, 0.1, 3), "[pix] Width of the spot"),
    ("AOS LGS{i} SPOTSIZE2", Around(0.1, 0.02, 4), "[pix] Elongation of the spot"),
    ("AOS LGS{i} STREHL", Fact("laser_{i}_strehl", 3), "[%] Strehl ratio"),
    ("AOS LGS{i} TAU0", Fact("tau0", 6), "[s] Coherence time"),
    ("AOS LGS{i} TUR ALT", Fact("laser_{i}_high", 4), "Share of turbulence above"),
    ("AOS LGS{i} TUR GND", Fact("laser_{i}_ground", 4), "Share of turbulence at the ground"),
    ("AOS LGS{i} VWIND", Around(11.0, 2.0, 2), "[m/s] Wind of the layers"),
    ("AOS LGS{i} XSHIFT", Around(0.0, 1.0, 3), "[%] Mirror against sensor {i} in x"),
    ("AOS LGS{i} YSHIFT", Around(0.0, 1.0, 3), "[%] Mirror against sensor {i} in y"),
)

REAL_TIME: list[Row] = alphabetical(
    [
        *_SENSORS,
        ("AOS HOCTR TT KI", 0.3, "Integral gain of tip-tilt"),
        ("AOS HOCTR TT KT", 0.99, "Leak of tip-tilt"),
        ("AOS JITCTR SUBSTATE", 45, "Jitter loop, 45 closed"),
        ("AOS LGSCTR SUBSTATE", 45, "High-order loop, 45 closed"),
        ("AOS LOOP RATE", 1000.0, "[Hz] Rate of the loop"),
        ("AOS NA HEIGHT", Around(90500.0, 700.0, 1), "[m] Height of the sodium"),
        ("AOS NGS1 FLUX", Fact("star_flux", 1), "[ADU] Flux of the natural guide star"),
        ("AOS NGS1 SPOTANGLE", Around(0.3, 0.3, 3), "[rad] Angle of its spot"),
        ("AOS NGS1 SPOTSIZE1", Around(3.1, 0.3, 3), "[pix] Minor width of its spot"),
        ("AOS NGS1 SPOTSIZE2", Around(3.5, 0.3, 3), "[pix] Major width of its spot"),
        ("AOS NGS1 TTRMS X", Around(0.2, 0.03, 4), "[pix] Tip-tilt left in x"),
        ("AOS NGS1 TTRMS Y", Around(0.2, 0.03, 4), "[pix] Tip-tilt left in y"),
        ("AOS TT LOOP ST", Fact("tip_tilt"), "T when the tip-tilt loop is closed"),
        ("AOS TTM REFPOS X", Around(0.0, 0.02, 4), "Reference of the tip-tilt mirror in x"),
        ("AOS TTM REFPOS Y", Around(0.0, 0.02, 4), "Reference of the tip-tilt mirror in y"),
        ("AOS VISCTR SUBSTATE", 45, "Low-order loop, 45 closed"),
    ]
)

# Only raw files hold the single layers and mirror modes.
REAL_TIME_DETAIL: list[Row] = alphabetical(
    [
        *each(
            range(1, 9),
            ("AOS CNSQ CNSQ_{i}", Fact("layer_{i}_cn2", 18), "[m^1/3] Turbulence of layer {i}"),
            ("AOS CNSQ FRACCNSQ_{i}", Fact("layer_{i}_share", 3), "[%] Its share"),
            ("AOS CNSQ H{i}", Fact("layer_{i}_height", 3), "[km] Height of layer {i}"),
            ("AOS CNSQ L0_{i}", Around(22.0, 5.0, 2), "[m] Outer scale of layer {i}"),
        ),
        ("AOS CNSQ L0TOT", Fact("outer_scale", 3), "[m] Outer scale"),
        ("AOS CNSQ R0TOT", Fact("r0", 4), "[m] Fried parameter"),
        ("AOS CNSQ SEEINGTOT", Fact("seeing_on_target", 3), "[arcsec] Seeing"),
        *each(range(1, 181), ("AOS DSM MODE{i}", Around(0.0, 15.0, 3), "[nm] Offload of mode {i}")),
        *each(
            range(1, 5),
            ("AOS NGCLGS{i} TEMP", Around(12.5, 0.3, 2), "[C] Camera head {i}"),
            *(
                (f"AOS LGS{{i}} DARK{q}", Around(210.0, 4.0, 1), f"[ADU] Dark of quadrant {q}")
                for q in range(1, 5)
            ),
            ("AOS LGS{i} XPUP", Around(0.0, 0.02, 4), "Shift of the pupil in x"),
            ("AOS LGS{i} YPUP", Around(0.0, 0.02, 4), "Shift of the pupil in y"),
            ("AOS LGS{i} XSTRETCH", Around(0.0, 0.2, 4), "[%] Stretch in x"),
            ("AOS LGS{i} YSTRETCH", Around(0.0, 0.2, 4), "[%] Stretch in y"),
            ("AOS LGS{i} TURVAR RES", Fact("laser_{i}_residual", 3), "[rad^2] Variance left"),
            ("AOS LGS{i} TURVAR TOT", Fact("laser_{i}_total", 3), "[rad^2] Variance"),
        ),
        ("AOS NGCVIS TEMP", Around(12.9, 0.3, 2), "[C] Head of the tip-tilt camera"),
        ("AOS NGCIR TEMP", Around(12.9, 0.3, 2), "[C] Head of the infrared camera"),
    ]
)
