"""DPR, PRO, QC and DRS: what kind of file, and what the pipeline did."""

from __future__ import annotations

import hashlib

from aomuse.simulate.keywords import Around, Fact, Row, each

RAW: list[Row] = [
    ("DPR CATG", "SCIENCE", "Category of the observation"),
    ("DPR TECH", "IFU", "Technique"),
    ("DPR TYPE", "OBJECT", "Kind of observation"),
]

# Many filters, so that the value is long enough for CONTINUE cards.
_FILTERS = "white,Johnson_V,Cousins_R,Cousins_I,SDSS_g,SDSS_r,SDSS_i,ACS_F606W,ACS_F814W"

_BASIC_FRAMES = (
    ("badpix_table.fits", "BADPIX_TABLE"),
    ("geometry_table_wfm.fits", "GEOMETRY_TABLE"),
    ("MASTER_BIAS-01.fits", "MASTER_BIAS"),
    ("MASTER_FLAT-01.fits", "MASTER_FLAT"),
    ("TRACE_TABLE-01.fits", "TRACE_TABLE"),
    ("TWILIGHT_CUBE.fits", "TWILIGHT_CUBE"),
    ("WAVECAL_TABLE-01.fits", "WAVECAL_TABLE"),
)
_BASIC_OPTIONS = (
    ("nifu", "-1"), ("overscan", "vpoly"), ("crop", "true"), ("cr", "none"),
    ("combine", "none"), ("resample", "false"), ("skylines", "5577.339,6300.304"),
)  # fmt: skip
_POST_FRAMES = (
    ("astrometry_wcs_wfm.fits", "ASTROMETRY_WCS"),
    ("extinct_table.fits", "EXTINCT_TABLE"),
    ("STD_RESPONSE_0001.fits", "STD_RESPONSE"),
    ("STD_TELLURIC_0001.fits", "STD_TELLURIC"),
)
_POST_OPTIONS = (
    ("save", "cube"), ("resample", "drizzle"), ("dlambda", "1.25"), ("crsigma", "15"),
    ("pixfrac", "0.8,0.8"), ("format", "Cube"), ("weight", "exptime"), ("filter", _FILTERS),
    ("skymethod", "model"), ("lambdamin", "4000"), ("lambdamax", "10000"),
    ("lambdaref", "7000"), ("rvcorr", "bary"), ("astrometry", "true"),
)  # fmt: skip


def _recipe(
    n: int,
    name: str,
    inputs: list[tuple[str | Fact, str]],
    frames: tuple[tuple[str, str], ...],
    options: tuple[tuple[str, str], ...],
) -> list[Row]:
    rec = f"PRO REC{n}"
    rows: list[Row] = [
        (f"{rec} ID", name, "Recipe"),
        (f"{rec} DRS ID", "cpl-7.1", "Library of the recipe"),
        (f"{rec} PIPE ID", "muse/2.5.0", "Pipeline"),
    ]
    for i, (file, category) in enumerate(inputs, 1):
        rows += [
            (f"{rec} RAW{i} NAME", file, "Input frame"),
            (f"{rec} RAW{i} CATG", category, "Its category"),
        ]
    for i, (file, category) in enumerate(frames, 1):
        checksum = hashlib.md5(file.encode(), usedforsecurity=False).hexdigest()
        rows += [
            (f"{rec} CAL{i} NAME", file, "Calibration frame"),
            (f"{rec} CAL{i} CATG", category, "Its category"),
            (f"{rec} CAL{i} DATAMD5", checksum, "Its checksum"),
        ]
    for i, (option, value) in enumerate(options, 1):
        rows += [
            (f"{rec} PARAM{i} NAME", option, "Option of the recipe"),
            (f"{rec} PARAM{i} VALUE", value, "Its value"),
        ]
    return rows


PIPELINE: list[Row] = [
    *_recipe(
        1,
        "muse_scibasic",
        [(Fact("raw_name"), "OBJECT"), (Fact("illumination_name"), "ILLUM")],
        _BASIC_FRAMES,
        _BASIC_OPTIONS,
    ),
    ("PRO ANCESTOR", Fact("archive_name"), ""),
    ("PRO DID", "PRO-1.16", "Dictionary of the PRO keywords"),
    ("PRO CATG", "DATACUBE_FINAL", "Category of the product"),
    ("PRO TYPE", "REDUCED", "Kind of product"),
    ("PRO TECH", "IFU", "Technique"),
    ("PRO SCIENCE", True, "T for a science product"),
    ("PRO DATANCOM", 24, "Frames combined"),
    *_recipe(
        2,
        "muse_scipost",
        [(f"PIXTABLE_OBJECT_0001-{i:02d}.fits", "PIXTABLE_OBJECT") for i in range(1, 25)],
        _POST_FRAMES,
        _POST_OPTIONS,
    ),
]

QUALITY: list[Row] = [
    ("QC SCIPOST LAMBDA", 7024.759, ""),
    ("QC SCIPOST NDET", 6, ""),
    *each(
        range(1, 7),
        ("QC SCIPOST POS{i} X", Around(150.0, 60.0, 1), "[pix] Star {i} in x"),
        ("QC SCIPOST POS{i} Y", Around(150.0, 60.0, 1), "[pix] Star {i} in y"),
        ("QC SCIPOST FWHM{i} X", Fact("cube_fwhm_x{i}", 7), "[arcsec] Width of star {i} in x"),
        ("QC SCIPOST FWHM{i} Y", Fact("cube_fwhm_y{i}", 7), "[arcsec] Width of star {i} in y"),
    ),
    ("QC SCIPOST FWHM NVALID", 6, ""),
    ("QC SCIPOST FWHM MEDIAN", Fact("cube_fwhm", 7), ""),
    ("QC SCIPOST FWHM MAD", Around(0.03, 0.004, 8), ""),
    ("DRS MUSE FLUX FFCORR", True, "T when divided by the flat-field spectrum"),
    ("DRS MUSE FILTER NAME", "white", "Filter of the image"),
    ("DRS MUSE FILTER FRACTION", 98.94624, "[%] Share of the filter in the cube"),
]
