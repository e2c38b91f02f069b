"""Views of PampelMuse analyses: samples, summaries, and the PSF by layer."""

from __future__ import annotations

from aomuse.muse.instrument import PIXEL_SCALE_ARCSEC
from aomuse.query.views.view import THEN_JOIN, View, ViewColumn, columns

# With an exponent: engines would convert a DECIMAL for each row.
PIXEL_SCALE_SQL = (
    "CASE "
    + " ".join(
        f"WHEN e.instrument_mode LIKE '{field}%' THEN {scale}e0"
        for field, scale in PIXEL_SCALE_ARCSEC.items()
    )
    + " END"
)

OBSERVATION_COLUMNS = columns("""
    target | t.name | Observed object
    instrument_mode | e.instrument_mode | ESO INS MODE, such as WFM-AO-N
    date_obs_utc | e.date_obs_utc | Start of the exposure, UTC
""")
FIT_COLUMNS = (
    *columns("""
        psf_fit_id | f.id | Number of the analysis (psf_fit.id)
        exposure_id | e.id | Number of the exposure (exposure.id)
    """),
    *OBSERVATION_COLUMNS,
    ViewColumn("model", "f.model", "PSF model: moffat, maoppy or unknown"),
    ViewColumn("fit_rank", "f.fit_rank", "1 for the first analysis of the exposure"),
)
FIT_JOINS = "JOIN exposure e ON e.id = f.exposure_id\nLEFT JOIN target t ON t.id = e.target_id"
_SAMPLE_JOINS = f"JOIN psf_fit f ON f.id = s.psf_fit_id\n{FIT_JOINS}"
# The sign keeps SQLite from beginning with a window, which has a fifth of all rows.
_WINDOW_JOIN = "JOIN wavelength_window w ON w.id = +s.wavelength_window_id"
_LAYER_JOINS = f"psf_layer l\nJOIN psf_fit f ON f.id = l.psf_fit_id\n{FIT_JOINS}\n"

#: Parameters of the Moffat model, which v_psf always shows.
MOFFAT_PARAMETERS = ("beta", "fwhm", "e", "theta")

_LAYER_COLUMNS = columns("""
    layer | l.layer | Layer of the cube, from 0
    wavelength_nm | l.wavelength_nm | Wavelength of the layer, nm
""")
_SOURCE_ID = ViewColumn("pampelmuse_id", "s.pampelmuse_id", "Id of the source")
_WINDOW_COLUMNS = columns("""
    wavelength_window | w.name | Wavelength window
    wavelength_min_nm | w.wavelength_min_nm | Lower edge, nm
    wavelength_max_nm | w.wavelength_max_nm | Upper edge, nm
""")
_STATISTICS = columns("""
    sample_count | s.sample_count | Values that are numbers
    mean | s.mean | Arithmetic mean
    median | s.median | Median
    p10 | s.p10 | 10th percentile
    p90 | s.p90 | 90th percentile
    standard_deviation | s.standard_deviation | Standard deviation of the population
    minimum | s.minimum | Smallest value
    maximum | s.maximum | Largest value
""")


def nearest_layer(wavelength_nm: str) -> str:
    """Return the layer of analysis ``f`` nearest to a wavelength: layers are equally spaced.

    A whole number, but not of an integer type: engines compare a layer with it as quickly.
    """
    return f"ROUND(({wavelength_nm} - f.first_wavelength_nm) / f.wavelength_step_nm)"


def _fwhm_arcsec(name: str) -> tuple[ViewColumn, ...]:
    """Return the FWHM in arcsec: it is stored in pixels, whose size differs by mode."""
    return tuple(
        ViewColumn(
            f"{statistic}_arcsec",
            f"CASE WHEN s.{name} = 'fwhm' THEN s.{statistic} * {PIXEL_SCALE_SQL} END",
            f"{meaning} of the FWHM, arcsec; NULL for other quantities",
        )
        for statistic, meaning in (("mean", "Arithmetic mean"), ("median", "Median"))
    )


#: Parameters of PampelMuse's coordinate transformation, with the meaning of each.
_POSITION = {
    **{name: f"Coefficient {name} of the transformation, without a unit" for name in "ABCD"},
    "x0": "Shift in x, pixels",
    "y0": "Shift in y, pixels",
}

FIT_VIEWS = (
    View(
        "v_extracted_source",
        "One source that PampelMuse extracted, PSF star or not (SOURCES)",
        FIT_COLUMNS
        + columns("""
            row_index | x.row_index | Row of SOURCES, from 0
            pampelmuse_id | x.pampelmuse_id | Id of the source
            is_psf_star | CASE WHEN COALESCE(x.status = 3, s.sample_count IS NOT NULL)
                THEN 1 ELSE 0 END
                | 1 for a PSF star: status is 3, or without a status there is a table PM_X
            status | x.status | Status as PampelMuse wrote it: 3 is a PSF star
            ra_deg | x.ra_deg | Right ascension, deg
            dec_deg | x.dec_deg | Declination, deg
            x_pixel | x.x_pixel | x in the catalogue's coordinates, pixels
            y_pixel | x.y_pixel | y in the catalogue's coordinates, pixels
            magnitude | x.magnitude | Magnitude in the catalogue's passband, mag
            sample_count | s.sample_count
                | Layers of the source in source_sample; NULL without a table PM_X
            spectrum_file | p.path
                | File with the image SPECTRA, which holds its spectrum and is not loaded
            spectrum_row | x.spectrum_row | Place of its spectrum there; NULL if not known
        """),
        f"extracted_source x\nJOIN psf_fit f ON f.id = x.psf_fit_id\n{FIT_JOINS}\n"
        "LEFT JOIN source s ON s.psf_fit_id = x.psf_fit_id AND s.pampelmuse_id = x.pampelmuse_id\n"
        "LEFT JOIN source_file p ON p.id = f.prm_file_id",
    ),
    View(
        "v_source_sample",
        "One PSF star in one wavelength layer",
        FIT_COLUMNS
        + columns(f"""
            pampelmuse_id | s.pampelmuse_id | Id of the source
            layer | s.layer | Layer of the cube, from 0
            wavelength_nm | l.wavelength_nm | Wavelength of the layer, nm
            snr | s.snr | Signal-to-noise ratio
            flux | s.flux | Flux in the cube's unit
            fwhm_pixel | s.fwhm | FWHM of the PSF along the major axis, pixels
            fwhm_arcsec | s.fwhm * {PIXEL_SCALE_SQL}
                | FWHM, arcsec: 0.2 a pixel in WFM, 0.025 in NFM
            beta | s.beta | Moffat beta of the PSF
            xc_pixel | s.xc | Centroid in x, pixels
            yc_pixel | s.yc | Centroid in y, pixels
        """),
        # Analyses, then their layers, then the samples: the way through the keys, whatever the
        # statistics of the tables say.
        f"psf_fit f\n{FIT_JOINS}\n"
        f"{THEN_JOIN} psf_layer l\n{THEN_JOIN} source_sample s\n"
        "WHERE l.psf_fit_id = f.id AND s.psf_fit_id = l.psf_fit_id AND s.layer = l.layer",
    ),
    View(
        "v_source_summary",
        "Statistics of one quantity of one PSF star over one wavelength window",
        (
            *FIT_COLUMNS,
            _SOURCE_ID,
            *_WINDOW_COLUMNS,
            *columns("""
                quantity | s.quantity | Column of source_sample: snr, flux, fwhm, beta, xc or yc
            """),
            *_STATISTICS,
            *_fwhm_arcsec("quantity"),
        ),
        f"source_summary s\n{_SAMPLE_JOINS}\n{_WINDOW_JOIN}",
    ),
    View(
        "v_psf_summary",
        "Statistics of one PSF parameter over one wavelength window",
        (
            *FIT_COLUMNS,
            *_WINDOW_COLUMNS,
            ViewColumn("parameter", "s.parameter", "PSF parameter, such as fwhm"),
            *_STATISTICS,
            *_fwhm_arcsec("parameter"),
        ),
        f"psf_parameter_summary s\n{_SAMPLE_JOINS}\n{_WINDOW_JOIN}",
    ),
    View(
        "v_position",
        "The coordinate transformation of the sources in one wavelength layer (POSPARS)",
        (
            *FIT_COLUMNS,
            *_LAYER_COLUMNS,
            *(
                ViewColumn(name.lower(), f"p_{name}.value", f"{meaning}: the smooth value")
                for name, meaning in _POSITION.items()
            ),
            *(
                ViewColumn(
                    f"fit_{name.lower()}",
                    f"p_{name}.fit_value",
                    f"{meaning}: fitted to this layer alone; NULL if the file has none",
                )
                for name, meaning in _POSITION.items()
            ),
        ),
        _LAYER_JOINS
        + "\n".join(
            f"LEFT JOIN position_parameter p_{name} ON p_{name}.psf_fit_id = l.psf_fit_id"
            f" AND p_{name}.parameter = '{name}' AND p_{name}.layer = l.layer"
            for name in _POSITION
        ),
    ),
)


def psf_view(parameters: list[tuple[str, str]]) -> View:
    """Return v_psf with a column for each PSF parameter, by its column and SQL literal."""
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
            *_LAYER_COLUMNS,
            *values,
            ViewColumn(
                "fwhm_arcsec",
                f"{fwhm} * {PIXEL_SCALE_SQL}",
                "FWHM, arcsec: 0.2 a pixel in WFM, 0.025 in NFM",
            ),
        ),
        _LAYER_JOINS + joins,
    )
