"""Sensors against each other and the PSF over the field, recomputed from the files by numpy."""

import math

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from fits_factory import leave_one_channel
from warehouse import execute, query

import aomuse
from aomuse.simulate import simulate

GROUND_LAYER = ("MASS_FRACGL", "SLODAR_FRACGL_300", "SLODAR_FRACGL_500")
ARCSEC = math.degrees(1) * 3600
WINDOWS = {"475-576 nm": (475, 576), "all": (0, 1e4)}  # that have layers


def change(path, extension, **columns):
    """Put values into rows of a table."""
    with fits.open(path, mode="update", disable_image_compression=True) as hdus:
        for name, (row, value) in columns.items():
            hdus[extension].data[name][row] = value


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Simulate a night in all modes, with telemetry as bad as it can be."""
    folder = tmp_path_factory.mktemp("night")
    simulate(folder, exposures=6, sources=4, layers=60)
    leave_one_channel(folder)
    first, second, third = sorted((folder / "raw").glob("*.fits.fz"))[:3]
    change(first, "SPARTA_ATM_DATA", LGS1_SEEING=(0, np.nan), LGS2_SEEING=(1, 0), LGS3_R0=(0, 5),
           LGS4_L0=(1, 1000), LGS2_STREHL=(0, 0), LGS1_TUR_GND=(2, 0))  # fmt: skip
    change(first, "ASM_DATA", DIMM_SEEING=(0, 0), MASS_FRACGL=(1, 1.5), SLODAR_FRACGL_500=(2, -1))
    change(first, "SPARTA_CN2_DATA", ALT3=(0, np.nan), r0Tot=(1, 0))
    change(second, "ASM_DATA", MASS_FRACGL=(0, np.nan))
    change(second, "SPARTA_CN2_DATA", ALT8=(0, 11600), CN2_FRAC_ALT1=(1, -0.1))
    every = slice(None)
    change(third, "SPARTA_ATM_DATA", **{
        f"LGS{lgs}_{name}": (every, 0) for lgs in (1, 2, 4) for name in ("R0", "TUR_GND")
    })  # fmt: skip
    cube = sorted((folder / "single").glob("*_0004.fits"))[0]
    with fits.open(cube, mode="update") as hdus:
        hdus["DATA"].data = np.zeros((1, 310, 322), np.float32)
    return folder


@pytest.fixture
def db(engine, tree, load_once):
    load_once(tree)
    return aomuse.connect(engine.url)


@pytest.fixture
def table_of(db, tree):
    """Give a function that reads a table of an exposure's raw file, as float64."""
    names = db.exposures().set_index("exposure_id")["archive_id"]

    def read(number, extension):
        with fits.open(tree / "raw" / f"{names[number]}.fits.fz") as hdus:
            if extension not in hdus:
                return None
            found = hdus[extension].data
            return {name: np.array(found[name]) for name in found.names}

    return read


def is_on(table, lgs):
    return table[f"LGS{lgs}_TUR_GND"] > 0


def airmass_of(db):
    return db.exposures().set_index("exposure_id")["airmass"]


def check(row, **expected):
    """Compare columns of a row."""
    found = {name: getattr(row, name) for name in expected}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_sensors_of_the_ground_layer_and_the_seeing(db, engine, table_of):
    frame, airmass = db.comparison("sensors"), airmass_of(db)
    assert set(frame["instrument_mode"]) == {"WFM-AO-N", "WFM-AO-E", "WFM-NOAO-N", "NFM-AO-N"}
    for row in frame.itertuples():
        monitor, sparta = (table_of(row.exposure_id, f"{n}_DATA") for n in ("ASM", "SPARTA_ATM"))
        dimm = monitor["DIMM_SEEING"][monitor["DIMM_SEEING"] > 0]
        mass, slodar_300, slodar = (
            values[(values > 0) & (values <= 1)]
            for values in (monitor[name] for name in GROUND_LAYER)
        )
        check(row, dimm_seeing_arcsec=dimm.mean(), mass_ground_layer=mass.mean(),
              slodar_300m=slodar_300.mean(), slodar_500m=slodar.mean(),
              dimm_count=len(dimm), mass_count=len(mass), slodar_count=len(slodar))  # fmt: skip
        if sparta is None:
            assert "NOAO" in row.instrument_mode
            check(row, sparta_seeing_arcsec=math.nan, mass_difference=math.nan)
            continue
        seeing, ground = (
            np.concatenate([sparta[f"LGS{lgs}_{name}"] for lgs in (1, 2, 3, 4)]).astype(float)
            for name in ("SEEING", "TUR_GND")
        )
        on = ground > 0
        used = on & (seeing > 0)
        by_laser = np.where(used, seeing, np.nan).reshape(4, -1)
        mean = np.mean([np.nanmean(values) for values in by_laser if np.isfinite(values).any()])
        zenith = mean * airmass[row.exposure_id] ** -0.6
        fraction = ground[on & (ground <= 1)].mean()
        check(row, sparta_used=used.sum(), sparta_rejected=(on & ~used).sum(),
              sparta_seeing_los_arcsec=mean, sparta_seeing_arcsec=zenith,
              seeing_difference_arcsec=zenith - dimm.mean(), seeing_ratio=zenith / dimm.mean(),
              sparta_ground_layer=fraction, mass_difference=fraction - mass.mean(),
              slodar_difference=fraction - slodar.mean())  # fmt: skip
    assert (frame["sparta_rejected"] > 0).any()
    assert len(set(frame["dimm_count"])) > 1
    execute(engine, "DELETE FROM asm", "UPDATE exposure SET ground_layer_fraction = 0.7")
    without = db.comparison("sensors")
    assert without["exposure_id"].tolist() == frame["exposure_id"].tolist()
    assert without[["dimm_seeing_arcsec", "mass_ground_layer", "slodar_300m"]].isna().all(axis=None)
    assert set(without["ground_layer_fraction"]) == {0.7}


def test_each_laser_against_the_median_of_the_lasers(db, engine, table_of):
    frame = db.comparison("lasers")
    cuts = {"r0_m": ("R0", 0, 0.9), "l0_m": ("L0", 0, 100), "seeing_arcsec": ("SEEING", 0, np.inf),
            "strehl": ("STREHL", -1, 90)}  # fmt: skip
    alone = []
    for number, rows in frame.groupby("exposure_id"):
        table = table_of(number, "SPARTA_ATM_DATA")
        lasers = [lgs for lgs in (1, 2, 3, 4) if is_on(table, lgs).any()]
        assert rows["lgs"].to_list() == lasers
        assert set(rows["laser_count"]) == {len(lasers)}
        for column, (name, low, high) in cuts.items():
            means = []
            for lgs in lasers:
                values = table[f"LGS{lgs}_{name}"].astype(float)
                used = is_on(table, lgs) & (values > low) & (values <= high)
                means.append(values[used].mean())
            assert rows[column].to_numpy() == pytest.approx(np.array(means), rel=1e-9)
            middle = np.median(means) if len(lasers) > 1 else math.nan
            found = rows[f"median_{column}"].to_numpy()
            assert found == pytest.approx(np.full(len(lasers), middle), rel=1e-9, nan_ok=True)
            if column == "strehl":
                expected, found = np.array(means) - middle, rows["strehl_difference"]
            else:
                expected = np.array(means) / middle
                found = rows[f"{column.split('_')[0]}_ratio"]
            assert found.to_numpy() == pytest.approx(expected, rel=1e-6, abs=1e-9, nan_ok=True)
        alone += [number] * (len(lasers) == 1)
    assert len(alone) == 1
    assert len(set(frame["laser_count"])) > 1
    # A laser without any of the quantities.
    unknown = ", ".join(f"{n}_mean = NULL" for n in ("r0", "l0", "lgs_seeing", "strehl"))
    execute(engine, f"UPDATE exposure_laser SET {unknown} WHERE lgs = 2")
    assert set(db.comparison("lasers")["lgs"]) == {1, 3, 4}


def test_the_isoplanatic_angle(db, engine, table_of):
    samples, exposures = db.comparison("isoplanatic_samples"), db.comparison("isoplanatic")
    airmass = airmass_of(db)
    assert set(samples["exposure_id"]) == set(exposures["exposure_id"])
    rejected = []
    for row in exposures.itertuples():
        table = table_of(row.exposure_id, "SPARTA_CN2_DATA")
        heights = np.array([table[f"ALT{i}"] for i in range(1, 9)], dtype=float) * 1000
        shares = np.array([table[f"CN2_FRAC_ALT{i}"] for i in range(1, 9)], dtype=float)
        r0 = table["r0Tot"].astype(float)
        good = ((heights >= 0) & (heights <= 1e5) & (shares >= 0)).all(axis=0)
        height = ((shares * np.abs(heights) ** (5 / 3)).sum(0) / shares.sum(0)) ** 0.6
        height = np.where(good, height, math.nan)
        used = good & (r0 > 0) & (r0 <= 0.9)
        cosine = 1 / airmass[row.exposure_id]
        theta = np.where(used, 0.314 * r0 * cosine / height * ARCSEC, math.nan)
        mine = samples[samples["exposure_id"] == row.exposure_id]
        assert mine["theta0_arcsec"].to_numpy() == pytest.approx(theta, rel=1e-6, nan_ok=True)
        assert mine["h_eff_m"].to_numpy() == pytest.approx(height, rel=1e-6, nan_ok=True)
        assert (row.profile_count, row.rejected_count) == (used.sum(), (~used).sum())
        if used.any():
            check(row, theta0_arcsec=theta[used].mean(), theta0_min_arcsec=theta[used].min(),
                  theta0_max_arcsec=theta[used].max(), r0_m=r0[used].mean(),
                  h_eff_m=height[used].mean())  # fmt: skip
            assert 0.5 < row.theta0_arcsec < 15
        rejected.append(row.rejected_count)
    assert rejected[:2] == [2, 2]
    assert exposures.attrs["units"]["h_eff_m"] == "m"
    # Heights in m are known by their size, and shares count beside each other.
    execute(
        engine,
        "UPDATE sparta_cn2_layer SET altitude = 1000 * altitude",
        "UPDATE sparta_cn2_layer SET cn2_fraction = 2 * cn2_fraction",
    )
    pd.testing.assert_frame_equal(db.comparison("isoplanatic"), exposures, rtol=1e-9)


def test_the_psf_over_the_field(db, engine, tree):
    frame = db.comparison("field")
    assert set(frame["model"]) == {"moffat"}
    sizes = set()
    analyses = query(engine, "SELECT id, name, exposure_id FROM psf_fit WHERE model = 'moffat'")
    modes = db.exposures().set_index("exposure_id")["instrument_mode"]
    assert {number for number, _, _ in analyses} == set(frame["psf_fit_id"])
    for number, name, exposure in analyses:
        rows = frame[frame["psf_fit_id"] == number]
        assert set(rows["wavelength_window"]) == set(WINDOWS)
        scale = 0.025 if modes[exposure].startswith("NFM") else 0.2
        width, height = (322, 310) if name.endswith("0004") else (300, 300)
        sizes.add(width)
        prm = tree / "analysis" / f"{name}.prm.fits"
        with fits.open(prm) as hdus:
            header, table = hdus["SPECTRA"].header, hdus["PSFPARS"].data
            layers = np.arange(header["NAXIS3"]) + 1 - header.get("CRPIX3", 1)
            nm = (header["CRVAL3"] + layers * header["CDELT3"]) * 1e9
            smooth = dict(zip(np.char.strip(table["name"]), table["polyfit"], strict=True))["fwhm"]
        with fits.open(prm.with_name(f"{name}.psf.fits")) as hdus:
            stars = {int(h.name[3:]): {n.lower(): np.array(h.data[n], float) for n in h.data.names}
                     for h in hdus if h.name.startswith("PM_")}  # fmt: skip
        for window, (low, high) in WINDOWS.items():
            inside = (nm >= low) & (nm < high)
            psf = np.nanmedian(smooth[inside]) * scale
            found = rows[rows["wavelength_window"] == window].set_index("pampelmuse_id")
            assert set(found.index) == set(stars)
            for star, values in stars.items():
                row = found.loc[star]
                fwhm, x, y = (np.nanmedian(values[n][inside]) for n in ("fwhm", "xc", "yc"))
                dx, dy = (x - width / 2) * scale, (y - height / 2) * scale
                check(row, fwhm_arcsec=fwhm * scale, psf_fwhm_arcsec=psf,
                      residual_arcsec=fwhm * scale - psf, x_arcsec=dx, y_arcsec=dy,
                      distance_arcsec=math.hypot(dx, dy),
                      layer_count=np.isfinite(values["fwhm"][inside]).sum())  # fmt: skip
    assert sizes == {300, 322}
