"""DET: controllers in the primary header, chip and outputs in each channel."""

from __future__ import annotations

import zlib

from aomuse.simulate.keywords import Around, Fact, Row, alphabetical, each

CONTROLLERS = range(1, 5)


def _serial(*parts: object) -> str:
    """Make a serial number that stays the same in all files."""
    return f"0000{zlib.crc32(repr(parts).encode()):08X}"


def _controller(n: int) -> list[Row]:
    boards: list[Row] = []
    for board in range(1, 7):
        prefix = f"DET DEV{n} BOARD{board}"
        boards.append((f"{prefix} BCKPL", _serial(n), "Serial number, backplane"))
        if n == 1:
            boards.append((f"{prefix} REV", "5.6.4", "Its revision"))
        boards += [
            (f"{prefix} SERNO", _serial(n, board), "Serial number, board"),
            (f"{prefix} TRANS", _serial(n, board, "transition"), "Serial number, transition board"),
            (f"{prefix} TYPE", "FEB", "Kind of board"),
            (f"{prefix} VERSION", 1, "Version of the board"),
        ]
    shutter = ("Bonn-01", "Bonn", -0.693) if n == 1 else (f"eso-{n:02d}", "nostatus", 0.0)
    return [
        *boards,
        (f"DET DEV{n} CHIPS", 6, "Chips of this controller"),
        (f"DET DEV{n} EXP RDTTIME", Around(47.232, 0.001, 3), "[s] Time to read out"),
        (f"DET DEV{n} EXP XFERTIM", Around(47.176, 0.001, 3), "[s] Time to transfer"),
        (f"DET DEV{n} ID", f"MUSE-NGC{n}", "Controller"),
        (f"DET DEV{n} OUTPUTS", 24, "Outputs of this controller"),
        (f"DET DEV{n} REV", "3.1.1", "Its revision"),
        (f"DET DEV{n} SHUT ID", shutter[0], "Shutter"),
        (f"DET DEV{n} SHUT TMCLOS", shutter[2], "[s] Time to close"),
        (f"DET DEV{n} SHUT TMOPEN", shutter[2], "[s] Time to open"),
        (f"DET DEV{n} SHUT TYPE", shutter[1], "Kind of shutter"),
        (f"DET DEV{n} SOFW BASE", "279750", "Version of the base software"),
        (f"DET DEV{n} SOFW DETMOD", "294246", "Version of the detector software"),
        (f"DET DEV{n} SOFW MODE", "NORMAL", "Mode of the software"),
        (f"DET DEV{n} SOFW OPT", "279750", "Version of the optical software"),
    ]


GUIDE_CAMERA: list[Row] = [
    ("DET2 CHIP1 NX", 1024, "[pix] Size in x"),
    ("DET2 CHIP1 NY", 1024, "[pix] Size in y"),
    ("DET2 CHIP1 X", 1, "Place in x"),
    ("DET2 CHIP1 Y", 1, "Place in y"),
    ("DET2 SOFW MODE", "NORMAL", "Mode of the software"),
    ("DET2 TEMP MSG", "no temperature monitoring", "Message of the monitoring"),
    ("DET2 TEMP1 DESC", "Case", "What sensor 1 is on"),
    ("DET2 TEMP1 VAL", 283.0, "[K] Sensor 1"),
    ("DET2 TEMP2 DESC", "Chip", "What sensor 2 is on"),
    ("DET2 TEMP2 VAL", 243.0, "[K] Sensor 2"),
    *each(
        (1, 2),
        ("DET2 WIN{i} BINX", 1, "Binning in x"),
        ("DET2 WIN{i} BINY", 1, "Binning in y"),
        ("DET2 WIN{i} NX", 20, "[pix] Size in x"),
        ("DET2 WIN{i} NY", 20, "[pix] Size in y"),
        ("DET2 WIN{i} ST", False, "T when window {i} is used"),
        ("DET2 WIN{i} STRX", 1, "[pix] First column"),
        ("DET2 WIN{i} STRY", 1, "[pix] First row"),
    ),
    ("DET2 WIN1 UIT1", 2.0, "[s] Exposure time of the camera"),
]

DETECTOR: list[Row] = [
    ("DET BINX", 1, "Binning in x"),
    ("DET BINY", 1, "Binning in y"),
    ("DET CHIPS", 24, "Chips of the instrument"),
    *(row for n in CONTROLLERS for row in _controller(n)),
    ("DET DID", "ESO-VLT-DIC.NGCDCS,ESO-VLT-DIC.NGCCON", "Dictionaries"),
    ("DET DIT1", Fact("exptime", 3), "[s] Integration time"),
    ("DET DKTM", Fact("exptime", 3), "[s] Dark time"),
    ("DET EXP NO", Fact("exposure_number"), "Running number of the exposure"),
    ("DET EXP TYPE", "Normal", "Kind of exposure"),
    ("DET NAME", "MUSE-NGCOPT", "Name of the detector system"),
    ("DET NDIT", 1, "Integrations"),
    ("DET OUTPUTS", 96, "Outputs of the instrument"),
    ("DET READ CURID", 1, "Number of the readout mode"),
    ("DET READ CURNAME", "SCI1.0", "Name of the readout mode"),
    ("DET UIT1", Fact("exptime", 3), "[s] Integration time asked for"),
    ("DET CON PWIPE", True, "T with periodic wiping"),
]


# A quadrant each: name, corner of the chip.
_CORNERS = (("E", 1, 1), ("F", 4096, 1), ("G", 4096, 4112), ("H", 1, 4112))


def chip(channel: int) -> list[Row]:
    """List the keywords of one channel's detector.

    Parameters
    ----------
    channel : int
        Number of the channel, 1 to 24.

    Returns
    -------
    list of tuple
        Rows for the chip and its four outputs.
    """
    place = (channel - 1) % 6 + 1
    rows: list[Row] = [
        ("DET CHIP DATE", "2012-10-12", "Installation of the chip"),
        ("DET CHIP ID", f"psyche-{channel:02d}", "Name of the chip"),
        ("DET CHIP INDEX", place, "Number at its controller"),
        ("DET CHIP LIVE", True, "T when it works"),
        ("DET CHIP NAME", f"CHAN{channel:02d}", "Name of the channel"),
        ("DET CHIP NX", 4096, "[pix] Size in x"),
        ("DET CHIP NY", 4112, "[pix] Size in y"),
        ("DET CHIP OVSCX", 64, "[pix] Overscan in x"),
        ("DET CHIP OVSCY", 64, "[pix] Overscan in y"),
        ("DET CHIP PRSCX", 64, "[pix] Prescan in x"),
        ("DET CHIP PRSCY", 64, "[pix] Prescan in y"),
        ("DET CHIP PSZX", 15.0, "[um] Pixel in x"),
        ("DET CHIP PSZY", 15.0, "[um] Pixel in y"),
        ("DET CHIP RGAP", 0.0, "[deg] Angle between chips"),
        ("DET CHIP X", place, "Place in x"),
        ("DET CHIP XGAP", 0.0, "Gap in x"),
        ("DET CHIP Y", place, "Place in y"),
        ("DET CHIP YGAP", 0.0, "Gap in y"),
    ]
    for i, (name, x, y) in enumerate(_CORNERS, 1):
        gain = 1.03 + 0.01 * ((7 * channel + 3 * i) % 9)
        rows += alphabetical(
            [
                (f"DET OUT{i} CONAD", round(1.0 / gain, 2), "[e-/ADU] Electrons a count"),
                (f"DET OUT{i} GAIN", round(gain, 4), "[ADU/e-] Counts an electron"),
                (f"DET OUT{i} ID", name, "Name on the chip"),
                (f"DET OUT{i} INDEX", i, "Number of the output"),
                (f"DET OUT{i} NAME", f"NO{i}", "Name of the output"),
                (f"DET OUT{i} NX", 2048, "[pix] Columns"),
                (f"DET OUT{i} NY", 2056, "[pix] Rows"),
                (f"DET OUT{i} OVSCX", 32, "[pix] Overscan in x"),
                (f"DET OUT{i} OVSCY", 32, "[pix] Overscan in y"),
                (f"DET OUT{i} PRSCX", 32, "[pix] Prescan in x"),
                (f"DET OUT{i} PRSCY", 32, "[pix] Prescan in y"),
                (f"DET OUT{i} RON", Around(2.1, 0.2, 2), "[e-] Readout noise"),
                (f"DET OUT{i} X", x, "[pix] Corner in x"),
                (f"DET OUT{i} Y", y, "[pix] Corner in y"),
            ]
        )
    return rows
