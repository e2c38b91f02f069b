"""UCDs: the word of the Virtual Observatory for the kind of quantity that a column holds.

UCD1+ 1.6, https://www.ivoa.net/documents/UCD1+/. `v_obscore` has those of its standard.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from inspect import cleandoc

#: UCD, and the names of columns; * stands for any characters, and the first line that fits counts.
_TABLE = """
    meta.id;obs | exposure_id *_exposure_id archive_id *_archive_id
    meta.id;obs.proposal | program_id ob_id ob_name
    meta.id | obs_id obs_collection
    meta.ref.ivoid | obs_publisher_did
    meta.ref.url | access_url *_url
    meta.code.mime | access_format
    phys.size;meta.file | access_estsize size_bytes
    meta.code.class | dataproduct_type
    meta.code;obs.calib | calib_level
    meta.ucd | o_ucd
    meta.code;phys.polarization | pol_states
    meta.number | *_xel *_xel1 *_xel2
    phys.angSize;instr.fov | s_fov
    pos.outline;obs.field | s_region
    pos.angResolution | s_resolution
    spect.resolution | em_res_power
    time.resolution | t_resolution
    meta.id;src | pampelmuse_id catalog_id target target_name twin_target targetName ob_target
    meta.id;src | object_name
    meta.id;meta.file | *_file rawFile analysisFile file_name original_name path
    meta.id | *_id
    instr.setup | instrument_mode twin_instrument_mode insMode modes
    meta.id;instr.tel | facility_name
    meta.id;instr | instrument instrument_name
    pos.eq.ra | ra_deg s_ra
    pos.eq.dec | dec_deg s_dec
    time.start;obs.exposure | date_obs_utc twin_date_obs_utc mjd_obs t_min
    time.end;obs.exposure | t_max
    time.duration;obs.exposure | exposure_time_s t_exptime
    time.start | *start*_utc
    time.end | finished_utc
    time.epoch | *_utc night month time_sec time_stamp
    time.interval | seconds_from_start laser_longest_gap
    stat.value;arith.diff | distance *_distance
    time.scale;obs.atmos.turbulence | tau0 tau0_s twin_tau0_s
    obs.airMass | airmass airmass_start airmass_end twin_airmass
    meta.number | *_count *_used *_rejected *_samples lasers_on num_sources exposures_* laser_gaps
    instr.obsty.seeing | *seeing*
    phys.size;obs.atmos.turbulence | r0 r0_m r0_total_m l0 l0_m l0_total_m sparta_r0 sparta_l0
    obs.param;obs.atmos.turbulence | glf *_glf *ground_layer_fraction tur_* turvar_* *cn2* slodar_*
    pos.azimuth;obs.atmos.wind | wind_direction*_deg
    phys.veloc;obs.atmos.wind | wind_*_m_s
    phys.temperature;obs.atmos | temperature_*
    obs.atmos.humidity | humidity_*
    phys.pressure;obs.atmos | pressure_*
    obs.atmos.water | pwv_*
    pos.az.azi | azimuth_deg
    pos.az.alt | altitude_deg
    pos.posAng | parallactic_angle* position_angle_deg theta
    em.wl;stat.min | wavelength_min_nm em_min
    em.wl;stat.max | wavelength_max_nm em_max
    em.wl | wavelength_nm
    stat.stdev;phys.angSize | fwhm_standard_deviation_arcsec
    arith.factor;phys.angSize | gain *_gain gain_sparta
    phys.angSize;meta.modelled | predicted_fwhm* natural_* *iq_los* *iq_*arcsec muse_fwhm_arcsec
    phys.angSize;instr.det.psf | fwhm *fwhm_* half_light_radius*
    instr.det.psf;meta.modelled | predicted_beta
    instr.det.psf | e ellipticity* beta *_beta beta_* ee_* strehl
    stat.snr | snr
    phot.flux | flux ngs_flux ngs_flux_legacy
    phot.mag | magnitude
    pos.cartesian.x;instr.det | xc x0 x_pixel xc_pixel
    pos.cartesian.y;instr.det | yc y0 y_pixel yc_pixel
    stat.value;stat.mean | mean mean_arcsec
    stat.value;stat.median | median median_arcsec
    stat.value;stat.min | minimum
    stat.value;stat.max | maximum
    stat.percentile | p10 p90
    stat.stdev | standard_deviation spread
    stat.rank | *_rank
    meta.record | lgs layer *_layer *_index *_row element position exposure_number
    meta.code | is_* ttfree* degraded* laser_on tip_tilt_loop *_simulated shutter_open value_type
    meta.code.status | status outcome severity code ob_grade fulfilled *_condition
    meta.id;meta.modelled | model models prediction
    meta.version | *version schema_revision
    meta.unit | unit
    meta.checksum | *sha256 fingerprint digest
    meta.note | *reason *comment *comments message description formula citation
    meta.id | id name *_name parameter metric keyword quantity wavelength_window
"""
_LINES = [line.split(" | ") for line in cleandoc(_TABLE).splitlines()]
_UCDS = [(pattern, ucd) for ucd, patterns in _LINES for pattern in patterns.split()]

#: Ends of names that a statistic has, and its UCD in front or behind.
_STATISTICS = {
    "_mean": "{};stat.mean",
    "_median": "{};stat.median",
    "_min": "{};stat.min",
    "_max": "{};stat.max",
    "_mad": "stat.mad;{}",
    "_last": "{}",
}


@cache
def ucd_of(name: str) -> str:
    """Return the UCD of a column, empty if there is none for it.

    Examples
    --------
    >>> ucd_of("exposure_time_s"), ucd_of("r0_median"), ucd_of("LGS1_R0")
    ('time.duration;obs.exposure', 'phys.size;obs.atmos.turbulence;stat.median', '')
    """
    for ending, form in _STATISTICS.items():
        base = name.removesuffix(ending)
        if base != name and (ucd := ucd_of(base)):
            return form.format(ucd)
    return next((ucd for pattern, ucd in _UCDS if fnmatchcase(name, pattern)), "")
