"""The metrics of an exposure: its conditions, and what SPARTA's telemetry predicts."""

from __future__ import annotations

from aomuse.metrics.cuts import AIRMASS, GLF, L0, R0, R0_KNOWN
from aomuse.metrics.domain import ADAPTIVE, ANYWHERE, WIDE_ADAPTIVE, Domain, Range
from aomuse.metrics.metric import metrics_of_table

_TOKOVININ = "Tokovinin 2002, PASP 114, 1156"
_MARTINEZ = "Martinez, Kolb, Sarazin & Tokovinin 2010, The Messenger 141, 5"
_SOURCES = {
    "2022": "AOMUSE 2022",
    "aomuse": "aomuse",
    "kolb": f"{_TOKOVININ}; ESO exposure time calculator",
    "iq": f"{_MARTINEZ}; {_TOKOVININ}, eq. 19",
    "glao": f"{_MARTINEZ}; {_TOKOVININ}, eq. 19; gain as in ESO's observing tool",
    "muse": f"{_MARTINEZ}; {_TOKOVININ}, eq. 19; Fusco et al. 2020, A&A 635, A208",
    "cuts": "aomuse; cuts as in ESO's plot_sparta_data, laser on as in muse-psfr",
}
_DOMAINS = {
    "any": ANYWHERE,
    "air mass": Domain(ranges=(AIRMASS,)),
    "open loop": Domain(loop="open"),
    "AO": Domain(modes=ADAPTIVE),
    "lasers": Domain(modes=ADAPTIVE, lasers="on", ranges=(R0, L0)),
    "GLAO": Domain(modes=WIDE_ADAPTIVE, lasers="on", ranges=(R0, L0)),
    "ground": Domain(ranges=(R0_KNOWN, Range("share of the ground layer", 0))),
    "FWHM gain": Domain(ranges=(R0_KNOWN, Range("FWHM gain", 0))),
    "gain": Domain(modes=WIDE_ADAPTIVE, lasers="on", ranges=(R0, L0, GLF)),
}

_TABLE = """
1 | seeing | corrected | arcsec | 2022 | any | ESO TEL AMBI FWHM START, ESO TEL AMBI FWHM END
    | mean of the site seeing at start and end: at 500 nm, at zenith
2 | airmass | corrected | | 2022 | any | ESO TEL AIRM START, ESO TEL AIRM END
    | mean of the air mass at start and end
3 | seeing_los | corrected | arcsec | 2022 | air mass | seeing, airmass
    | seeing times air mass to the power 0.6: at 500 nm, in the line of sight
4 | tau0 | corrected | s | 2022 | any | ESO TEL AMBI TAU0
    | coherence time of the site monitor: at 500 nm, at zenith
5 | glf | corrected | | 2022 | any | ESO OCS SGS ASM GL900 AVG
    | share of the turbulence below 900 m
6 | ngs_flux | legacy | | 2022 | any | ESO AOS NGS1 FLUX
    | flux of the natural guide star, in any mode
150 | ngs_flux | corrected | | 2022 | AO | ESO AOS NGS1 FLUX
    | flux of the natural guide star
7 | num_sources | corrected | | 2022 | any | PM_ tables
    | PSF stars of the Moffat analysis, else of the first one
8 | ttfree | legacy | | 2022 | any | ESO AOS TT LOOP ST
    | 1 where the tip-tilt loop is open, in any mode
151 | ttfree | corrected | | 2022 | AO | ESO AOS TT LOOP ST
    | 1 where the tip-tilt loop is open
9 | degraded | legacy | | 2022 | any | ESO LGSi LASRi SWSIM
    | 1 where a laser is simulated by software, and where that is unknown
10 | degraded | corrected-1 | | 2022 | any | ESO LGSi LASRi SWSIM
    | 1 where a laser is simulated by software, in any mode
152 | degraded | corrected | | 2022 | AO | ESO LGSi LASRi SWSIM
    | 1 where a laser is simulated by software
11 | sparta_iq_los_500nm | legacy | arcsec | 2022 | open loop | SPARTA_ATM_DATA, glf, ttfree
    | image quality at 500 nm from r0 and L0, over the AO gain; k = 1.028, D = 8 m, all lasers
12 | sparta_iq_los_500nm | corrected-1 | arcsec | kolb | any | SPARTA_ATM_DATA, glf
    | image quality at 500 nm from r0 and L0 of all samples with r0 > 0, over the AO gain
153 | sparta_iq_los_500nm | corrected | arcsec | glao | gain | SPARTA_ATM_DATA, glf
    | image quality at 500 nm in the line of sight, of the mean r0 and L0 of the samples used,
    over the AO gain
13 | sparta_iq_los_500nm_nogain | legacy | arcsec | 2022 | open loop | SPARTA_ATM_DATA, ttfree
    | as sparta_iq_los_500nm, with a gain of 1
14 | sparta_iq_los_500nm_nogain | corrected-1 | arcsec | kolb | any | SPARTA_ATM_DATA
    | as sparta_iq_los_500nm, with a gain of 1
154 | sparta_iq_los_500nm_nogain | corrected | arcsec | iq | GLAO | SPARTA_ATM_DATA
    | as sparta_iq_los_500nm, with a gain of 1
20+2 | iq_los_{nm}nm | legacy | arcsec | 2022 | open loop | sparta_iq_los_500nm
    | sparta_iq_los_500nm times (500/{nm})^0.2, with 0.35 arcsec for MUSE's own share
21+2 | iq_los_{nm}nm | corrected-1 | arcsec | 2022 | any | sparta_iq_los_500nm
    | sparta_iq_los_500nm times (500/{nm})^0.2, with 0.37 arcsec (below 600 nm) or 0.29 arcsec
    for MUSE's own share
155+1 | iq_los_{nm}nm | corrected | arcsec | muse | gain | SPARTA_ATM_DATA, glf
    | image quality at {nm} nm in the line of sight, of r0 and the effect of L0 at {nm} nm, over
    the AO gain, with MUSE's own share at {nm} nm
15 | lasers_on | corrected-1 | | aomuse | any | SPARTA_ATM_DATA
    | lasers that are on (r0 > 0) in a sample
160 | lasers_on | corrected | | cuts | AO | SPARTA_ATM_DATA
    | lasers that are on (share of the ground layer > 0) in a sample
16 | sparta_open_samples | corrected-1 | | aomuse | any | SPARTA_ATM_DATA, DATE-OBS, EXPTIME
    | times of samples while the shutter was open, DATE-OBS to DATE-OBS + EXPTIME, in any mode
161 | sparta_open_samples | corrected | | aomuse | AO | SPARTA_ATM_DATA, DATE-OBS, EXPTIME
    | times of samples while the shutter was open, DATE-OBS to DATE-OBS + EXPTIME
162 | sparta_r0_mean | corrected | m | cuts | lasers | LGSn_R0
    | Fried parameter at 500 nm in the line of sight: mean of the samples used
163 | sparta_r0_median | corrected | m | cuts | lasers | LGSn_R0 | median of the samples used
164 | sparta_r0_mad | corrected | m | cuts | lasers | LGSn_R0
    | median absolute deviation of the samples used from their median
165 | sparta_l0_mean | corrected | m | cuts | lasers | LGSn_L0
    | outer scale: mean of the samples used
166 | sparta_l0_median | corrected | m | cuts | lasers | LGSn_L0 | median of the samples used
167 | sparta_l0_mad | corrected | m | cuts | lasers | LGSn_L0
    | median absolute deviation of the samples used from their median
168 | sparta_samples_used | corrected | | cuts | lasers | LGSn_R0, LGSn_L0, LGSn_TUR_GND
    | samples of all lasers with the laser on and r0 and L0 in their ranges
169 | sparta_samples_rejected | corrected | | cuts | lasers | LGSn_R0, LGSn_L0, LGSn_TUR_GND
    | samples of all lasers with the laser on, and r0 or L0 unknown or out of its range
190 | sparta_ground_layer_mean | corrected | | aomuse | ground | LGSn_R0, LGSn_TUR_GND
    | share of the turbulence at the ground by SPARTA: mean over samples and lasers
191 | sparta_fwhm_gain_mean | corrected | | aomuse | FWHM gain | LGSn_R0, LGSn_FWHM_GAIN
    | gain in FWHM by SPARTA: mean over samples and lasers
"""

EXPOSURE_METRICS = tuple(metrics_of_table(_TABLE, "exposure", _SOURCES, _DOMAINS))
