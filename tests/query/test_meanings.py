"""Units and UCDs of every column that the data dictionary has."""

import pytest
from astropy import units as u
from astropy.io.votable.ucd import parse_ucd

from aomuse.query.meanings import meaning_of, of_tables, of_views
from aomuse.query.ucds import _UCDS
from aomuse.query.views import static_views
from aomuse.query.wide import empty_wide_views

RELATIONS = [*of_tables(), *of_views([*static_views("mariadb"), *empty_wide_views()])]


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_units_and_ucds_are_valid(relation):
    for name, column in relation.columns.items():
        assert column.description, name
        u.Unit(column.unit)
        if column.ucd:
            parse_ucd(column.ucd, check_controlled_vocabulary=True)


def test_every_ucd_of_the_list_is_valid():
    for ucd in {ucd for _, ucd in _UCDS}:
        parse_ucd(ucd, check_controlled_vocabulary=True)


@pytest.mark.parametrize(
    ("name", "comment", "unit", "ucd"),
    [
        ("exposure_time_s", "EXPTIME: exposure time, s", "s", "time.duration;obs.exposure"),
        ("seeing", "DIMM, arcsec", "arcsec", "instr.obsty.seeing"),
        ("r0_median", "Median, m", "m", "phys.size;obs.atmos.turbulence;stat.median"),
        ("r0_used", "Samples used", "", "meta.number"),
        ("temperature_c", "Ambient temperature, deg C", "deg_C", "phys.temperature;obs.atmos"),
        ("sparta_iq_arcsec", "Predicted, arcsec; or NULL", "arcsec", "phys.angSize;meta.modelled"),
        ("wavelength_min_nm", "Lower edge, nm, inclusive", "nm", "em.wl;stat.min"),
        ("date_obs_utc", "Start of the exposure, UTC", "", "time.start;obs.exposure"),
        ("x_pixel", "Position, pixels", "pix", "pos.cartesian.x;instr.det"),
        ("LGS1_R0", "", "", ""),
    ],
)
def test_the_meaning_of_a_column(name, comment, unit, ucd):
    found = meaning_of(name, comment)
    assert (found.unit, found.ucd) == (unit, ucd)
