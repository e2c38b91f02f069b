"""Views of PampelMuse analyses: samples, summaries, and the PSF by layer."""

from __future__ import annotations

from aomuse.muse.instrument import PIXEL_SCALE_ARCSEC
from aomuse.query.views.view import View, ViewColumn

PIXEL_SCALE_SQL = (
    "CASE "
    + " ".join(
        f"WHEN e.instrument_mode LIKE '{field}%' THEN {scale}"
        for field, scale in PIXEL_SCALE_ARCSEC.items()
    )
    + " END"
)


FIT_COLUMNS = (
    ViewColumn("psf_fit_id", "f.id", "Number of the analysis (psf_fit.id)"),
    ViewColumn("exposure_id", "e.id", "Number of the exposure (exposure.id)"),
    ViewColumn("target", "t.name", "Observed object"),
    ViewColumn("instrument_mode", "e.instrument_mode", "ESO INS MODE, such as WFM-AO-N"),
    ViewColumn("date_obs_utc", "e.date_obs_utc", "Start of the exposure, UTC"),
    ViewColumn("model", "f.model", "PSF model: moffat, maoppy or unknown"),
)
FIT_JOINS = "JOIN exposure e ON e.id = f.exposure_id\nLEFT JOIN target t ON t.id = e.target_id"

#: Parameters of the Moffat model, which v_psf always shows.
MOFFAT_PARAMETERS = ("beta", "fwhm", "e", "theta")


def _summary_columns(meaning: str, key: str = "quantity") -> tuple[ViewColumn, ...]:
    statistics = (
        ("sample_count", "Values that are numbers"),
        ("mean", "Arithmetic mean"),
        ("median", "Median"),
        ("p10", "10th percentile"),
        ("p90", "90th percentile"),
        ("standard_deviation", "Standard deviation of the population"),
        ("minimum", "Smallest value"),
        ("maximum", "Largest value"),
    )
    return (
        ViewColumn("wavelength_window", "w.name", "Wavelength window"),
        ViewColumn("wavelength_min_nm", "w.wavelength_min_nm", "Lower edge, nm"),
        ViewColumn("wavelength_max_nm", "w.wavelength_max_nm", "Upper edge, nm"),
        ViewColumn(key, f"s.{key}", meaning),
        *(ViewColumn(name, f"s.{name}", comment) for name, comment in statistics),
    )


#: Parameters of PampelMuse's coordinate transformation, with what each of them is.
_POSITION = (
    *((name, f"Coefficient {name} of the transformation") for name in "ABCD"),
    ("x0", "Shift in x, pixels"),
    ("y0", "Shift in y, pixels"),
)

_POSITION_VIEW = View(
    "v_position",
    "The coordinate transformation of the sources in one wavelength layer (POSPARS)",
    (
        *FIT_COLUMNS,
        ViewColumn("layer", "l.layer", "Layer of the cube, from 0"),
        ViewColumn("wavelength_nm", "l.wavelength_nm", "Wavelength of the layer, nm"),
        *(
            ViewColumn(name.lower(), f"p_{name}.value", f"{meaning}: the smooth value")
            for name, meaning in _POSITION
        ),
        *(
            ViewColumn(
                f"fit_{name.lower()}",
                f"p_{name}.fit_value",
                f"{meaning}: fitted to this layer alone; NULL where the file has none",
            )
            for name, meaning in _POSITION
        ),
    ),
    f"psf_layer l\nJOIN psf_fit f ON f.id = l.psf_fit_id\n{FIT_JOINS}\n"
    + "\n".join(
        f"LEFT JOIN position_parameter p_{name} ON p_{name}.psf_fit_id = l.psf_fit_id"
        f" AND p_{name}.parameter = '{name}' AND p_{name}.layer = l.layer"
        for name, _ in _POSITION
    ),
)

FIT_VIEWS = (
    View(
        "v_source_sample",
        "One source in one wavelength layer",
        (
            *FIT_COLUMNS,
            ViewColumn("pampelmuse_id", "s.pampelmuse_id", "Id of the source"),
            ViewColumn("layer", "s.layer", "Layer of the cube, from 0"),
            ViewColumn("wavelength_nm", "l.wavelength_nm", "Wavelength of the layer, nm"),
            ViewColumn("snr", "s.snr", "Signal-to-noise ratio"),
            ViewColumn("flux", "s.flux", "Flux in the cube's unit"),
            ViewColumn("fwhm_pixel", "s.fwhm", "FWHM of the PSF, pixels"),
            ViewColumn("fwhm_arcsec", f"s.fwhm * {PIXEL_SCALE_SQL}", "FWHM, arcsec"),
            ViewColumn("beta", "s.beta", "Moffat beta of the PSF"),
            ViewColumn("xc_pixel", "s.xc", "Centroid in x, pixels"),
            ViewColumn("yc_pixel", "s.yc", "Centroid in y, pixels"),
        ),
        f"source_sample s\nJOIN psf_fit f ON f.id = s.psf_fit_id\n{FIT_JOINS}\n"
        "LEFT JOIN psf_layer l ON l.psf_fit_id = s.psf_fit_id AND l.layer = s.layer",
    ),
    View(
        "v_source_summary",
        "Statistics of one quantity of one source over one wavelength window",
        (
            *FIT_COLUMNS,
            ViewColumn("pampelmuse_id", "s.pampelmuse_id", "Id of the source"),
            *_summary_columns("Column of source_sample: snr, flux, fwhm, beta, xc or yc"),
        ),
        f"source_summary s\nJOIN psf_fit f ON f.id = s.psf_fit_id\n{FIT_JOINS}\n"
        "JOIN wavelength_window w ON w.id = s.wavelength_window_id",
    ),
    View(
        "v_psf_summary",
        "Statistics of one PSF parameter over one wavelength window",
        (*FIT_COLUMNS, *_summary_columns("PSF parameter, such as fwhm", "parameter")),
        f"psf_parameter_summary s\nJOIN psf_fit f ON f.id = s.psf_fit_id\n{FIT_JOINS}\n"
        "JOIN wavelength_window w ON w.id = s.wavelength_window_id",
    ),
    _POSITION_VIEW,
)


def psf_view(parameters: list[tuple[str, str]]) -> View:
    """Return v_psf with a column for each PSF parameter."""
    values = [
        ViewColumn(column, f"p{i}.value", f"PSF parameter {literal[1:-1]}")
        for i, (column, literal) in enumerate(parameters)
    ]
    fwhm = next((c.expression for c in values if c.name == "fwhm"), "NULL")
    joins = "\n".join(
        f"LEFT JOIN psf_parameter p{i} ON p{i}.psf_fit_id = l.psf_fit_id"
        f" AND p{i}.layer = l.layer AND p{i}.parameter = {literal}"
        for i, (_, literal) in enumerate(parameters)
    )
    return View(
        "v_psf",
        "The PSF in one wavelength layer, a column for each parameter",
        (
            *FIT_COLUMNS,
            ViewColumn("layer", "l.layer", "Layer of the cube, from 0"),
            ViewColumn("wavelength_nm", "l.wavelength_nm", "Wavelength of the layer, nm"),
            *values,
            ViewColumn("fwhm_arcsec", f"{fwhm} * {PIXEL_SCALE_SQL}", "FWHM, arcsec"),
        ),
        f"psf_layer l\nJOIN psf_fit f ON f.id = l.psf_fit_id\n{FIT_JOINS}\n{joins}",
    )
