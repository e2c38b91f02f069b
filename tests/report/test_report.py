"""The report, looked at in a real browser: what it shows is what the database holds."""

import csv
import re
import statistics

import pandas as pd
import pytest
import sqlalchemy as sa
from altair.utils.schemapi import SchemaBase
from backends import on_sqlite
from fits_factory import Tree, edit, reduced, write
from opened import Opened, read_data
from summaries import TARGETS, WITHOUT_PSF, fill
from warehouse import TABLES, execute, query

from aomuse import Database
from aomuse.db import create_engine
from aomuse.pipeline import load
from aomuse.report import coverage, lasers, page, wavelength, write_report
from aomuse.report.missing import read_parts
from aomuse.simulate import simulate

#: Charts of a night with both fields, with predictions.
CHARTS = {
    *("coverage", "gain", "gain-wavelength"),
    *("quality-wfm", "quality-nfm", "fwhm-wfm", "beta-wfm", "fwhm-nfm", "beta-nfm"),
    *("residual-psfr-residual", "residual-psfr-beta-residual", "residual-iq-residual"),
    *("strehl-maoppy", "strehl-maoppy-ngs", "strehl-maoppy-tau0", "strehl-maoppy-airmass"),
    *("strehl-maoppy-theta0", "sensors-seeing", "sensors-mass", "sensors-slodar", "laser-ratio"),
    *("field-distance-wfm", "field-distance-nfm", "field-map-wfm", "field-map-nfm", "isoplanatic"),
    *("residual-l0", "residual-ground", "residual-lasers", "residual-airmass"),
    *("strehl-wfm", "strehl-nfm", "r0", "prediction-psfr", "prediction-formula", "missing"),
}

#: Rules of axe that colours and the width of the window decide.
OF_COLOUR_AND_SIZE = (
    *("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"),
)


def charts_without(*words: str) -> set[str]:
    return {name for name in CHARTS if not any(word in name for word in words)}


def predict(engine: sa.Engine) -> None:
    """Store predictions as aomuse predict does; muse-psfr itself takes minutes."""
    execute(
        engine,
        "INSERT INTO psf_prediction (exposure_id, package, package_version, predicted_utc, reason)"
        " SELECT id, 'muse-psfr', '1.0', CURRENT_TIMESTAMP, CASE WHEN instrument_mode NOT LIKE"
        " 'WFM-AO%' THEN 'the model applies to WFM-AO only' END FROM exposure",
        *(
            f"INSERT INTO psf_prediction_layer SELECT id, {row}, {nm}, 0.3 + id / 100.0, 2.0"
            " FROM exposure WHERE instrument_mode LIKE 'WFM-AO%'"
            for row, nm in enumerate((500, 550, 700, 900))
        ),
    )


#: The query that gives the rows of a table, after their times.
SHOWN = {
    "coverage": "SELECT target, instrument_mode, archive_id, exposure_time_s, airmass"
    " FROM v_exposure ORDER BY date_obs_utc",
    "quality": "SELECT f.target, f.instrument_mode, f.model, e.seeing, e.airmass, e.seeing_los,"
    " f.fwhm_700nm FROM v_psf_fit_metrics f"
    " JOIN v_exposure_metrics e ON e.exposure_id = f.exposure_id"
    " WHERE f.fwhm_700nm IS NOT NULL ORDER BY f.date_obs_utc",
    "wavelength": "SELECT target, instrument_mode, model, wavelength_nm, fwhm_arcsec,"
    " fwhm_standard_deviation_arcsec, sparta_iq_arcsec, beta FROM v_psf_window"
    " WHERE version = 'corrected' AND fwhm_arcsec IS NOT NULL"
    " ORDER BY date_obs_utc, wavelength_nm",
    "lasers": "SELECT target, instrument_mode, lgs, laser_samples, strehl_mean, strehl_min,"
    " r0_mean, l0_mean FROM v_laser_metrics WHERE laser_on = 1 ORDER BY date_obs_utc, lgs",
    "prediction-psfr": "SELECT target, instrument_mode, model, wavelength_nm,"
    " predicted_fwhm_arcsec, delivered_fwhm_arcsec, fwhm_difference_arcsec"
    " FROM v_psf_prediction WHERE wavelength_nm IN (500, 700, 900)"
    " ORDER BY date_obs_utc, wavelength_nm",
    "prediction-formula": "SELECT target, instrument_mode, model, nm, quality, fwhm, fwhm - quality"
    " FROM ("
    + " UNION ALL ".join(
        f"SELECT f.*, {nm} AS nm, e.iq_los_{nm}nm AS quality, f.fwhm_{nm}nm AS fwhm"
        " FROM v_psf_fit_metrics f JOIN v_exposure_metrics e ON e.exposure_id = f.exposure_id"
        for nm in (500, 700, 900)
    )
    + ") q WHERE instrument_mode LIKE 'WFM-AO%' ORDER BY date_obs_utc, nm",
}


def compare_tables(engine: sa.Engine, opened: Opened) -> None:
    """Compare each table with the views."""
    counts = []
    for name, statement in SHOWN.items():
        shown = [tuple(row[1:]) for row in opened.table(name)]
        assert shown == query(engine, statement), name
        counts.append(len(shown))
    # Eleven windows of each analysis: one is on both sides of the notch.
    assert counts == [3, 3, 33, 11, 6, 6]


def save_from_the_page(opened: Opened) -> None:
    """Save a table, whose numbers are those that are shown, and a chart."""
    opened.page.locator("summary").filter(has_text="Lasers by exposure").click()
    head, *rows = csv.reader(opened.save("the table Lasers by exposure").splitlines())
    assert head[:4] == ["Start, UTC", "Target", "Mode", "Laser"]
    assert [list(map(float, row[3:])) for row in rows] == [r[3:] for r in opened.table("lasers")]
    assert re.fullmatch(r"2018-08-1[23]T\d\d:\d\d:\d\d\.\d{3}Z", rows[0][0])
    assert opened.save("the chart r0 of each laser").startswith("<svg")


def use_the_keyboard(opened: Opened) -> None:
    """Skip the navigation, open a table and move over a wide chart without a mouse."""
    page = opened.page
    focused = "document.activeElement.id || document.activeElement.tagName"
    page.keyboard.press("Tab")
    assert page.locator(":focus").text_content() == "Skip to the charts"
    page.keyboard.press("Enter")
    assert page.evaluate(focused) == "main"
    table = page.locator("#table-coverage")
    assert not table.is_visible()
    page.locator("#coverage summary").focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    for place in (".pan", "#coverage .scroll"):
        page.locator(place).first.focus()
        assert page.evaluate(f"document.activeElement.matches({place!r})"), place


def read_on_paper(opened: Opened) -> None:
    """Print on A4 as the browser does: charts and sentences are there as a whole."""
    page = opened.page
    opened.resize(718)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.misplaced() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    for element in (".chart svg", "figcaption", "h2", ".pan", ".text"):
        assert page.locator(element).first.is_visible(), element
    for element in ("nav", "button", "details:not([open])"):
        assert not page.locator(element).first.is_visible(), element
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")


@on_sqlite
def test_the_page_shows_what_the_database_holds(engine, tmp_path, open_report):
    # All wavelengths: two exposures in the wide field, one in the narrow.
    simulate(tmp_path / "night", exposures=3, sources=1, seed=2)
    load(engine, [tmp_path / "night"])
    predict(engine)
    opened = open_report(engine, 3, validated=True)

    # Every chart has marks, times of 24 hours, and words; the first answers the first question.
    charts = opened.charts()
    assert set(charts) == CHARTS
    assert next(iter(charts)) == "gain"
    assert all(charts.values())
    labels = opened.page.locator("[data-chart] svg text").all_text_contents()
    assert any(re.fullmatch(r"2[0-3]:\d\d", label) for label in labels)
    assert not [label for label in labels if re.search(r"\b[AP]M\b", label)]
    for name in CHARTS:
        chart = opened.page.locator(f"#chart-{name}")
        described = chart.get_attribute("aria-describedby")
        assert re.search(r"\d", opened.page.locator(f"#{described}").text_content() or ""), name

    use_the_keyboard(opened)
    compare_tables(engine, opened)
    save_from_the_page(opened)

    # Nothing keeps anybody from using it: large or small, on paper, light or dark.
    assert opened.violations() == []
    assert opened.misplaced() == []
    read_on_paper(opened)
    opened.resize(500)
    assert opened.misplaced() == []
    opened.page.set_viewport_size({"width": 360, "height": 800})
    opened.page.emulate_media(color_scheme="dark")
    opened.wait("dark")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.violations(*OF_COLOUR_AND_SIZE) == []
    assert opened.said == []
    assert opened.path.stat().st_size < 1.5e6


@on_sqlite
def test_an_empty_database(engine, open_report):
    opened = open_report(engine, 0)
    assert opened.charts() == {}
    assert opened.page.locator("section").count() == opened.page.locator(".empty").count() == 11
    assert opened.page.locator("dd").all_text_contents()[:3] == ["0", "0", "0"]
    assert opened.violations() == []


@on_sqlite
def test_what_is_missing_and_why(engine, tmp_path, open_report):
    tree = Tree(tmp_path / "night")
    whole, cut, alone = tree.add(1), tree.add(2), tree.add(3, without=("raw", "psf"))
    edit(cut.raw, lambda hdus: hdus.pop([h.name for h in hdus].index("AG_DATA")) and hdus)
    strange = reduced(4, ESO__INS__MODE="<script>alert(1)</script>")
    strange[0].header["ESO OBS TARG NAME"] = "</script><img src=x onerror=alert(1)>"
    last = tree.add(4)
    write(last.reduced, strange)
    last.prm.write_bytes(last.prm.read_bytes()[:5000])
    load(engine, [tree.root])
    opened = open_report(engine, 4)

    gaps = {(row[3], row[4]): (row[5], row[6]) for row in opened.table("gaps")}
    computed = {"FWHM at 700 nm", "PSF by muse-psfr", "image quality by SPARTA", "header keywords"}
    files = {key: value for key, value in gaps.items() if key[1] not in computed}
    assert {key for key, value in files.items() if value[0] == "missing"} == {
        (cut.archive_id, "AG_DATA"),
        (alone.archive_id, "raw file"),
        (alone.archive_id, "PampelMuse PSF stars"),
        *((alone.archive_id, name) for name in ("SPARTA_ATM_DATA", "SPARTA_CN2_DATA")),
        *((alone.archive_id, name) for name in ("ASM_DATA", "SGS_DATA", "AG_DATA")),
    }
    messages = dict(query(engine, "SELECT code, message FROM load_issue"))
    assert {key: value[1] for key, value in files.items() if value[0] == "error"} == {
        (last.archive_id, "PampelMuse parameters"): messages["truncated"]
    }
    assert files[cut.archive_id, "AG_DATA"][1] == "the raw file has no AG_DATA"
    assert files[alone.archive_id, "raw file"][1] == messages["raw_missing"]
    reasons = query(
        engine,
        "SELECT e.archive_id, m.reason FROM psf_fit_metric m JOIN psf_fit f ON f.id = m.psf_fit_id"
        " JOIN exposure e ON e.id = f.exposure_id JOIN metric x ON x.id = m.metric_id"
        " WHERE x.name = 'fwhm_700nm' AND m.reason IS NOT NULL",
    )
    assert len(reasons) == 4
    for name, reason in reasons:
        assert gaps[name, "FWHM at 700 nm"] == ("missing", reason)
    assert gaps[whole.archive_id, "PSF by muse-psfr"][1].startswith("it has not been predicted")

    # The matrix has each of them as a sign, and names from headers are text.
    shown = opened.page.locator("#chart-missing svg text").all_text_contents()
    assert {"there", "missing", "error", "not expected"} <= set(shown)
    matrix = read_data(opened.path)["matrix"]
    assert matrix["sign"].count("\N{MULTIPLICATION SIGN}") == len(gaps) - 1
    assert matrix["state"].count("error") == 1
    assert len(matrix["state"]) == 4 * 14
    assert opened.page.locator("img").count() == 0
    targets = opened.page.locator("#table-coverage td").all_text_contents()
    assert "</script><img src=x onerror=alert(1)>" in targets
    assert opened.violations() == []


@on_sqlite
@pytest.mark.parametrize("bare", [False, True], ids=["whole", "bare"])
def test_one_exposure(engine, tmp_path, open_report, bare):
    """With all that an exposure can have, and with nothing but its name."""
    if bare:
        with engine.begin() as connection:
            connection.execute(sa.insert(TABLES["exposure"]).values(archive_id="MUSE.1"))
    else:
        simulate(tmp_path / "night", exposures=1, sources=1, seed=2)
        load(engine, [tmp_path / "night"])
    charts = open_report(engine, 1).charts()
    assert set(charts) == ({"missing"} if bare else charts_without("nfm", "psfr", "maoppy"))
    assert all(charts.values())


def test_what_was_imported_is_there(engine):
    """Documents of AOMUSE 2020 stand in for the files."""
    headers = {"PRIMARY": {"DATE-OBS": "2018-08-13T01:00:00"}, "CHAN01": {"EXTNAME": "CHAN01"}}
    number = Database(engine).add_exposure(
        target="M 54",
        instrument_mode="WFM-AO-N",
        raw_file="MUSE.2018-08-13T01:00:00.000.fits.fz",
        data=headers | {"SGS_DATA": {"Sec": [1], "USec": [2]}},
    )
    exposures = pd.DataFrame({"exposure_id": [number], "mode": ["WFM-AO-N"]})
    states, _ = read_parts(engine, exposures)
    found = {row.part: (row.state, row.reason) for row in states.itertuples()}
    assert found["reduced cube"] == found["raw file"] == found["SGS_DATA"] == ("there", "")
    assert found["AG_DATA"] == ("missing", "the raw file has no AG_DATA")
    assert "could be loaded" not in found["header keywords"][1]
    assert found["PampelMuse PSF stars"][0] == "missing"


@on_sqlite
def test_many_exposures_are_summed_up_and_the_page_says_so(engine, open_report):
    exposures = 420
    assert exposures > max(lasers.MOST_EXPOSURES, wavelength.MOST_ANALYSES)
    fill(engine, exposures)
    opened = open_report(engine, exposures, validated=True)
    assert opened.path.stat().st_size < 2.2e6
    drawn = {name for name, marks in opened.charts().items() if marks}
    assert drawn == charts_without("maoppy", "sensors", "isoplanatic")
    notes = " ".join(opened.page.locator(".notes li").all_text_contents())
    assert "420 exposures are too many to draw one by one: grouped." in notes
    assert "420 analyses are too many to draw one by one: grouped." in notes
    assert f"{coverage.MOST_TARGETS - 1} targets with most exposures" in notes

    # All exposures are in the sums.
    data = read_data(opened.path)
    nights, patterns = data["coverage"], data["matrix"]
    assert sum(nights["exposures"]) == exposures
    assert len(set(nights["target"])) == coverage.MOST_TARGETS < TARGETS
    reasons = {*zip(patterns["part"], patterns["reason"], strict=True)}
    assert ("SPARTA_ATM_DATA", "there is no adaptive optics in WFM-NOAO-N") in reasons
    assert ("raw file", "the file is cut short") in reasons
    rows = dict(zip(patterns["row"], patterns["exposures"], strict=True))
    assert sum(rows.values()) == exposures
    gaps = [row for row in opened.table("gaps") if row[4] == "PampelMuse PSF stars"]
    assert len(gaps) <= exposures // WITHOUT_PSF
    assert data["gaps"]["part"].count("PampelMuse PSF stars") == exposures // WITHOUT_PSF
    assert opened.page.locator("#table-lasers tbody tr").count() == page.MOST_TABLE_ROWS
    assert "The first 100 rows are shown" in (opened.page.locator("#lasers").text_content() or "")
    # Medians over a night, by laser and mode.
    night, mode, _, count, *_, median = opened.table("lasers")[0][:9]
    values = query(
        engine,
        "SELECT l.r0_mean FROM v_laser_metrics l JOIN v_exposure e ON e.exposure_id = l.exposure_id"
        " WHERE e.instrument_mode = :mode AND l.lgs = 1 AND e.night = :night",
        mode=mode,
        night=night,
    )
    assert count == len(values)
    assert median == pytest.approx(statistics.median(r0 for (r0,) in values), rel=1e-12)


@pytest.mark.parametrize("backend", ["mariadb"])
@pytest.mark.parametrize("exposures", [12, 420])
def test_both_engines_give_the_same_page(engine, at_head, tmp_path, exposures, monkeypatch):
    monkeypatch.setattr(SchemaBase, "validate", lambda *_: None)  # others do that
    other = create_engine(at_head(f"sqlite:///{tmp_path / 'other.db'}"))
    pages = []
    for each in (engine, other):
        fill(each, exposures)
        write_report(each, tmp_path / "report.html")
        pages.append(read_data(tmp_path / "report.html"))
    other.dispose()
    there, here = pages
    assert there.keys() == here.keys()
    for name in here:
        tables = (pd.DataFrame(page[name]) for page in pages)
        pd.testing.assert_frame_equal(*tables, rtol=1e-12, obj=name)
