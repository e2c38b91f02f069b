"""Metrics come with the load, and again from what is stored."""

import math
from collections import defaultdict

import numpy as np
import pytest
from backends import on_sqlite
from fits_factory import LAYERS, NIGHT, Tree, prm, psf, raw, reduced, write
from warehouse import TABLES

from aomuse.metrics import METRICS
from aomuse.metrics.atmosphere import image_quality
from aomuse.metrics.metric import CURRENT
from aomuse.metrics.wavelength import natural_image_quality

#: Tables of what is worked out, children first.
STORED = (
    *("psf_window_parameter", "psf_window", "exposure_laser_metric", "exposure_metric"),
    *("psf_fit_metric", "exposure_laser"),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Give a tree of two exposures in a good night, seen by the first three lasers."""
    tree = Tree(tmp_path_factory.mktemp("night"))
    for number in (1, 2):
        files = tree.add(number)
        write(files.reduced, reduced(number, ESO__TEL__AIRM__START=1.0, ESO__TEL__AIRM__END=1.0))
        telemetry, parameters = raw(number, full=True), prm()
        table = telemetry["SPARTA_ATM_DATA"].data
        for laser in (1, 2, 3):
            table[f"LGS{laser}_R0"] = 0.1 + 0.01 * laser + np.arange(len(table)) / 100
            table[f"LGS{laser}_L0"] = 18.0 + laser
            table[f"LGS{laser}_TUR_GND"] = 0.6
            table[f"LGS{laser}_FWHM_GAIN"] = 1.0 + laser + np.arange(len(table))
        # The fit of the outer scale failed once.
        table["LGS2_L0"][0] = 1000.0
        write(files.raw, telemetry)
        # Layers from 475 nm on in steps of 25 nm: 500 nm is layer 1, 600 nm beyond the last.
        parameters["SPECTRA"].header["CDELT3"] = 2.5e-8
        write(files.prm, parameters)
    assert LAYERS == 5
    return tree.root


@pytest.fixture
def night(root, load_once):
    load_once(root)


@pytest.mark.usefixtures("night")
def test_a_load_brings_them(db):
    assert db.count("metric") == len(METRICS)
    shown = db.query(
        "SELECT seeing, seeing_los, ttfree, degraded, degraded_legacy, num_sources,"
        " sparta_iq_los_500nm_nogain, sparta_iq_los_500nm_nogain_legacy, sparta_samples_used,"
        " sparta_samples_rejected, sparta_ground_layer_mean, sparta_fwhm_gain_mean"
        " FROM v_exposure_metrics ORDER BY date_obs_utc"
    )
    means = db.query(
        "SELECT AVG(CASE WHEN l0_m < 100 THEN r0_m END), AVG(CASE WHEN l0_m < 100 THEN l0_m END),"
        " AVG(tur_gnd), AVG(fwhm_gain) FROM sparta_atm WHERE r0_m > 0 AND tur_gnd > 0"
        " GROUP BY exposure_id ORDER BY exposure_id"
    )
    sources = db.count("source") / 2
    for row, (r0, l0, ground, gain) in zip(shown, means, strict=True):
        assert row[:6] == (0.625, 0.625, 0.0, None, 1.0, sources)
        assert row[6:10] == (pytest.approx(image_quality(r0, l0), rel=1e-12), None, 5, 1)
        assert row[10:] == pytest.approx((ground, gain), rel=1e-12)
    fits = db.query(
        "SELECT m.fwhm_500nm, m.beta_500nm, m.fwhm_600nm, p.value, b.value FROM v_psf_fit_metrics m"
        " JOIN psf_parameter p ON p.psf_fit_id = m.psf_fit_id JOIN psf_parameter b"
        " ON b.psf_fit_id = m.psf_fit_id AND b.layer = p.layer"
        " WHERE p.layer = 1 AND p.parameter = 'fwhm' AND b.parameter = 'beta'"
    )
    assert len(fits) == 2
    for fwhm, beta, beyond, pixels, value in fits:
        assert (fwhm, beta, beyond) == (0.2 * pixels, value, None)
    reasons = db.query("SELECT DISTINCT reason FROM psf_fit_metric WHERE reason LIKE '%600%'")
    assert sorted(reasons) == [(f"no {name} at 600 nm",) for name in ("beta", "e", "fwhm")]
    assert db.count("exposure_metric WHERE (value IS NULL) = (reason IS NULL)") == 0


@pytest.mark.usefixtures("night")
def test_lasers_have_their_current_metrics_side_by_side(db):
    current = {m.name: m.id for m in METRICS if (m.grain, m.version) == ("laser", CURRENT)}
    assert TABLES["exposure_laser"].columns.keys() == ["exposure_id", "lgs", *current]
    names = {number: name for name, number in current.items()}
    expected = defaultdict(dict)
    for row in db.rows("exposure_laser_metric"):
        if name := names.get(row["metric_id"]):
            expected[row["exposure_id"], row["lgs"]][name] = row["value"]
    assert len(expected) == 8
    shown = {(row.pop("exposure_id"), row.pop("lgs")): row for row in db.rows("exposure_laser")}
    assert shown == expected


@pytest.mark.usefixtures("night")
def test_the_command_works_them_out_from_what_is_stored(db):
    before = {table: sorted(map(repr, db.rows(table))) for table in STORED}
    assert all(before.values())
    assert db.run("metrics").out == "metrics of 0 exposures worked out\n"
    db.execute(*(f"DELETE FROM {table}" for table in STORED))
    db.execute("UPDATE metric SET formula = 'of an older version'")
    assert db.run("metrics").out == "metrics of 2 exposures worked out\n"
    # From rows they come out as they did from the frames of the load.
    assert {table: sorted(map(repr, db.rows(table))) for table in STORED} == before
    assert {row["formula"] for row in db.rows("metric")} == {m.formula for m in METRICS}
    db.execute("UPDATE exposure SET seeing_end_arcsec = 1.0")
    assert db.run("metrics", "--recompute").out == "metrics of 2 exposures worked out\n"
    assert db.query("SELECT seeing FROM v_exposure_metrics") == [(0.875,), (0.875,)]
    runs = db.query("SELECT command, outcome, exposures_found FROM load_run ORDER BY id")
    assert runs[0] == ("load", "complete", 2)
    assert runs[1:] == [("metrics", "complete", count) for count in (0, 2, 2)]


@on_sqlite
@pytest.mark.usefixtures("night")
def test_a_reload_replaces_them(db, root):
    shown = "SELECT * FROM v_exposure_metrics ORDER BY exposure_id"
    before = db.query(shown)
    db.load(root, "--reload")
    assert db.query(shown) == before


def test_metrics_of_lasers_and_windows(db, tree):
    files = tree.add(1)
    telemetry = raw(1, full=True)
    table = telemetry["SPARTA_ATM_DATA"].data
    # Ten seconds before the start (00:01:07.123), and ten after it.
    table["Sec"], table["USec"] = [NIGHT + 57, NIGHT + 77], [123000, 123000]
    table["LGS1_STREHL"], table["LGS1_R0"] = [4.0, 8.0], [0.1, 0.1]
    table["LGS2_R0"] = [np.inf, 0.25]
    table["LGS1_L0"], table["LGS2_L0"] = [20.0, 21.0], [22.0, 23.0]
    write(files.raw, telemetry)
    parameters = prm(layers=41)
    parameters["SPECTRA"].header["CRVAL3"] = 5e-7
    parameters["SPECTRA"].header["CDELT3"] = 5e-9
    parameters["PSFPARS"].data["polyfit"][1] = np.arange(41.0)  # the FWHM
    write(files.prm, parameters)
    write(files.psf, psf(layers=41))
    cards = {"ESO__AOS__TT__LOOP__ST": False, "ESO__OCS__SGS__ASM__GL900__AVG": 0.5}
    write(files.reduced, reduced(1, **cards))
    db.load(tree.root)

    lasers = db.query(
        "SELECT lgs, laser_on, laser_samples, laser_open_samples, laser_gaps, laser_longest_gap,"
        " strehl_mean, strehl_last, r0_mean FROM v_laser_metrics ORDER BY lgs"
    )
    assert lasers[0] == (1, 1, 2, 1, 0, 20.0, 6.0, 8.0, pytest.approx(0.1))
    # An infinite r0 is not a measurement; the laser was on.
    assert lasers[1][1:4] == (1, 2, 1)
    assert lasers[1][8] == 0.25
    assert lasers[3] == (4, 0, 0, 0, None, None, None, None, None)
    assert db.query("SELECT lasers_on, sparta_open_samples FROM v_exposure_metrics") == [(3, 1)]
    marks = "SELECT row_index, seconds_from_start, shutter_open, lasers_on FROM v_sparta_atm"
    rows = sorted(tuple(map(float, row)) for row in db.query(marks))
    assert rows == [(0, -10, 0, 3), (1, 10, 1, 3)]
    marks = "SELECT lgs, shutter_open, laser_on FROM v_sparta_laser WHERE row_index = 0"
    assert sorted(db.query(marks)) == [(1, 0, 1), (2, 0, 1), (3, 0, 1), (4, 0, 0)]

    windows = db.query(
        "SELECT version, window_index, wavelength_nm, layer_count, fwhm_pixel, fwhm_arcsec,"
        " sparta_iq_arcsec, fwhm_standard_deviation_arcsec FROM v_psf_window"
        " WHERE window_index = 0 OR wavelength_nm BETWEEN 575 AND 605"
        " ORDER BY version, window_index"
    )
    # 500 to 515 nm, and the edges at 500 and 520 nm; of 580 to 595 nm only the first is outside of
    # the mode's notch, and none of that of 2022.
    assert [row[:5] for row in windows] == [
        ("corrected", 0, pytest.approx(507.5), 4, 1.5),
        ("corrected", 4, 580.0, 1, 16.0),
        ("corrected-1", 0, pytest.approx(507.5), 4, 1.5),
        ("legacy", 0, pytest.approx(510), 2, 2.0),
    ]
    assert [row[5] for row in windows] == pytest.approx([0.3, 3.2, 0.3, 0.4])
    ((r0, l0),) = db.query("SELECT sparta_r0_mean, sparta_l0_mean FROM v_exposure_metrics")
    used = "SELECT AVG(r0_m), AVG(l0_m) FROM sparta_atm WHERE r0_m > 0 AND r0_m <= 0.9"
    assert db.query(used) == [(pytest.approx(r0), pytest.approx(l0))]
    # 1.17375 is the gain at a ground layer of 0.5, 0.3591 and 0.3604 arcsec MUSE's own share.
    for row, nm, share in ((windows[0], 507.5, 0.3590966), (windows[1], 580.0, 0.3604445)):
        natural = float(natural_image_quality(r0, l0, nm)) / 1.17375
        assert row[6] == pytest.approx(math.hypot(natural, share), rel=1e-5)
    metrics = "exposure_metric x JOIN metric m ON m.id = x.metric_id"
    quality = f"SELECT m.version, x.value FROM {metrics} WHERE m.name = 'sparta_iq_los_500nm'"
    of_sparta = dict(db.query(quality))
    for row, nm, share in ((windows[2], 507.5, 0.37), (windows[3], 510, 0.35)):
        natural = of_sparta[row[0]] * (500 / nm) ** 0.2
        assert row[6] == pytest.approx(math.hypot(natural, share), rel=1e-12)
    assert windows[0][7] == pytest.approx(0.2 * 1.25**0.5)


@on_sqlite
def test_an_exposure_without_telemetry_or_analysis(db, tree):
    tree.add(1, without=("raw", "prm", "psf"))
    db.run("load", tree.root)
    assert db.count("exposure") == 1
    for table in ("exposure_laser_metric", "exposure_laser", "psf_window", "psf_fit_metric"):
        assert db.rows(table) == []
    assert db.run("metrics", "--recompute").out == "metrics of 1 exposure worked out\n"
    reasons = db.query(
        "SELECT x.reason FROM exposure_metric x JOIN metric m ON m.id = x.metric_id"
        " WHERE m.version = 'corrected' AND m.name IN ('lasers_on', 'sparta_open_samples')"
    )
    assert reasons == [("there is no SPARTA_ATM_DATA",)] * 2
