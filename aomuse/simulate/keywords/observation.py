"""OBS, TPL, TEL, ADA and SEQ: block, template and telescope."""

from __future__ import annotations

from aomuse.simulate.keywords import Around, Fact, Row, alphabetical, each

_BLOCK: list[Row] = [
    ("OBS AIRM", 2.0, "Largest airmass asked for"),
    ("OBS AMBI FWHM", Fact("seeing_asked", 1), "Worst seeing asked for"),
    ("OBS AMBI TRANS", "3THN", "Sky transparency asked for"),
    ("OBS ATM", Fact("atmosphere_asked"), "Turbulence category asked for"),
    ("OBS CONTAINER ID", 0, "Container that schedules the block"),
    ("OBS CONTAINER TYPE", " ", "Kind of container"),
    ("OBS CONTRAST", 0.0, "Contrast asked for"),
    ("OBS DID", "ESO-VLT-DIC.OBS-2.0", "Dictionary of the OBS keywords"),
    ("OBS EXECTIME", Fact("block_seconds"), "[s] Time planned for the block"),
    ("OBS GRP", "0", "Group of linked blocks"),
    ("OBS ID", Fact("block_id"), "Number of the observing block"),
    ("OBS MOON DIST", 30, "[deg] Smallest distance from the moon"),
    ("OBS MOON FLI", 1.0, "Largest illumination of the moon"),
    ("OBS NAME", Fact("block_name"), "Name of the observing block"),
    ("OBS NTPL", 2, "Templates in the block"),
    ("OBS OBSERVER", "UNKNOWN", "Observer"),
    ("OBS PI-COI ID", 71234, "Number of the investigator"),
    ("OBS PI-COI NAME", "UNKNOWN", "Name of the investigator"),
    ("OBS PROG ID", Fact("programme"), "Observing programme"),
    ("OBS START", Fact("block_start"), "Start of the block, UTC"),
    ("OBS STREHLRATIO", 0.0, "Strehl ratio asked for"),
    ("OBS TARG NAME", Fact("target"), "Target of the block"),
    ("OBS TPLNO", 2, "Template within the block"),
    ("OBS TWILIGHT", 0, "Twilight constraint"),
    ("OBS WATERVAPOUR", 30.0, "[mm] Most water vapour asked for"),
]

_TEMPLATE: list[Row] = [
    ("TPL DID", "ESO-VLT-DIC.TPL-1.9", "Dictionary of the TPL keywords"),
    ("TPL EXPNO", Fact("number"), "Exposure within the template"),
    ("TPL ID", Fact("template"), "Template signature"),
    ("TPL NAME", "Science exposures with offsets", "What the template does"),
    ("TPL NEXP", Fact("total"), "Exposures of the template"),
    ("TPL PRESEQ", "MUSE_obs_offset.seq", "Script of the sequencer"),
    ("TPL START", Fact("template_start"), "Start of the template, UTC"),
    ("TPL VERSION", "$Revision: 315021 $", "Which version of it"),
]

_TELESCOPE: list[Row] = [
    ("TEL AIRM END", Fact("airmass_end", 3), "Airmass when the exposure ends"),
    ("TEL AIRM START", Fact("airmass_start", 3), "Airmass when the exposure starts"),
    ("TEL ALT", Fact("altitude", 3), "[deg] Altitude at the start"),
    ("TEL AMBI FWHM END", Fact("seeing_end", 2), "[arcsec] Site monitor seeing, end"),
    ("TEL AMBI FWHM START", Fact("seeing_start", 2), "[arcsec] Site monitor seeing, start"),
    ("TEL AMBI IRSKY TEMP", Around(-94.0, 2.0, 1), "[deg C] Sky temperature, infrared"),
    ("TEL AMBI IWV END", Fact("vapour_end", 2), "[mm] Water vapour, end"),
    ("TEL AMBI IWV START", Fact("vapour_start", 2), "[mm] Water vapour, start"),
    ("TEL AMBI IWV30D END", Around(3.2, 0.2, 2), "[mm] Water vapour at 30 deg, end"),
    ("TEL AMBI IWV30D START", Around(3.2, 0.2, 2), "[mm] Water vapour at 30 deg, start"),
    ("TEL AMBI IWV30DSTD END", None, "[mm] Its scatter; the radiometer was scanning"),
    ("TEL AMBI IWV30DSTD START", Around(0.05, 0.01, 2), "[mm] Its scatter, start"),
    ("TEL AMBI IWVSTD END", Around(0.05, 0.01, 2), "[mm] Scatter of the water vapour, end"),
    ("TEL AMBI IWVSTD START", Around(0.05, 0.01, 2), "[mm] Scatter of the water vapour, start"),
    ("TEL AMBI PRES END", Fact("pressure_end", 2), "[hPa] Air pressure, end"),
    ("TEL AMBI PRES START", Fact("pressure_start", 2), "[hPa] Air pressure, start"),
    ("TEL AMBI RHUM", Fact("humidity", 1), "[%] Relative humidity"),
    ("TEL AMBI TAU0", Fact("tau0", 6), "[s] Coherence time"),
    ("TEL AMBI TEMP", Fact("temperature", 2), "[deg C] Air temperature"),
    ("TEL AMBI WINDDIR", Fact("wind_direction", 1), "[deg] Where the wind comes from"),
    ("TEL AMBI WINDSP", Fact("wind_speed", 2), "[m/s] Wind speed"),
    ("TEL AZ", Fact("azimuth", 3), "[deg] Azimuth at the start, S=0 W=90"),
    ("TEL CHOP ST", False, "T when chopping"),
    ("TEL DATE", "2000-01-01T00:00:00", "Installation of the control system"),
    ("TEL DID", "ESO-VLT-DIC.TCS", "Dictionary of the TEL keywords"),
    ("TEL DOME STATUS", "FULLY-OPEN", "State of the dome"),
    ("TEL FO POS", 0.0, "Focus of the adapter"),
    ("TEL FOCU ID", "NB", "Focus station"),
    ("TEL FOCU LEN", 121.561, "[m] Focal length"),
    ("TEL FOCU SCALE", 1.705, "[arcsec/mm] Scale in the focus"),
    ("TEL FOCU VALUE", Around(-19.4, 0.3, 3), "[mm] Setting of M2"),
    ("TEL GEOELEV", 2648.0, "[m] Height above the sea"),
    ("TEL GEOLAT", -24.627, "[deg] Latitude, north positive"),
    ("TEL GEOLON", -70.404, "[deg] Longitude, east positive"),
    ("TEL IA FWHM", Fact("guider_fwhm", 2), "[arcsec] Delivered, at zenith"),
    ("TEL IA FWHMLIN", Fact("guider_fwhm_linear", 2), "[arcsec] Delivered, linear fit"),
    ("TEL IA FWHMLINOBS", Fact("guider_fwhm_observed", 2), "[arcsec] Delivered, as observed"),
    ("TEL ID", "v 306327", "Version of the control system"),
    ("TEL MOON DEC", Around(8.9, 0.5, 5), "[deg] Declination of the moon"),
    ("TEL MOON RA", Around(176.3, 0.5, 6), "[deg] Right ascension of the moon"),
    ("TEL OPER", "UNKNOWN", "Operator"),
    ("TEL PARANG END", Fact("parallactic_end", 3), "[deg] Parallactic angle, end"),
    ("TEL PARANG START", Fact("parallactic_start", 3), "[deg] Parallactic angle, start"),
    ("TEL ROT ALTAZTRACK", True, "T when the rotator follows alt/az"),
    ("TEL TARG ALPHA", Fact("alpha", 3), "[hhmmss] Right ascension of the target"),
    ("TEL TARG COORDTYPE", "M", "M mean, A apparent coordinates"),
    ("TEL TARG DELTA", Fact("delta", 3), "[ddmmss] Declination of the target"),
    ("TEL TARG EPOCH", 2000.0, "[yr] Epoch"),
    ("TEL TARG EPOCHSYSTEM", "J", "J Julian, B Besselian epoch"),
    ("TEL TARG EQUINOX", 2000.0, "[yr] Equinox"),
    ("TEL TARG PARALLAX", 0.0, "[arcsec] Parallax"),
    ("TEL TARG PMA", 0.0, "[arcsec/yr] Proper motion in RA"),
    ("TEL TARG PMD", 0.0, "[arcsec/yr] Proper motion in Dec"),
    ("TEL TARG RADVEL", 0.0, "[km/s] Radial velocity"),
    ("TEL TH M1 TEMP", Fact("mirror_temperature", 2), "[deg C] Surface of M1"),
    ("TEL TRAK STATUS", "NORMAL", "State of the tracking"),
]

OBSERVATION = _BLOCK + _TEMPLATE + _TELESCOPE

ADAPTER: list[Row] = [
    ("ADA ABSROT END", Fact("rotator_end", 5), "[deg] Rotator at the end"),
    ("ADA ABSROT PPOS", "POS", "Side of the probe"),
    ("ADA ABSROT START", Fact("rotator_start", 5), "[deg] Rotator at the start"),
    ("ADA GUID DEC", Fact("guide_dec", 5), "[deg] Declination of the guide star"),
    ("ADA GUID RA", Fact("guide_ra", 5), "[deg] Right ascension of the guide star"),
    ("ADA GUID STATUS", "ON", "State of the autoguider"),
    ("ADA POSANG", Fact("position_angle", 5), "[deg] Position angle at the start"),
    ("ADA POSANG END", Fact("position_angle_end", 5), "[deg] Position angle at the end"),
    ("ADA PUPILPOS", Around(45.0, 0.01, 5), "[deg] Angle of the pupil"),
]

SEQUENCE: list[Row] = [
    ("SEQ OFFSET COORDS", "SKY", "Coordinates of the offsets"),
    *each(
        ("CUM", "REL"),
        ("SEQ OFFSET {i} ALPHA", Around(0.0, 1.5, 3), "[arcsec] {i} offset in RA"),
        ("SEQ OFFSET {i} DELTA", Around(0.0, 1.5, 3), "[arcsec] {i} offset in Dec"),
    ),
]

# A statistic each of the readings taken during the exposure; ASM is the site monitor.
_STATISTICS = ("AVG", "MAX", "MED", "MIN", "RMS")
_SERIES = (
    ("OCS SGS AG FWHMX", "guider_x", 3, "[arcsec] Guide star width in x"),
    ("OCS SGS AG FWHMY", "guider_y", 3, "[arcsec] Guide star width in y"),
    ("OCS SGS ASM FWHM", "asm_seeing", 3, "[arcsec] Site monitor seeing"),
    ("OCS SGS ASM GL300", "asm_ground300", 3, "Ground layer below 300 m"),
    ("OCS SGS ASM GL500", "asm_ground500", 3, "Ground layer below 500 m"),
    ("OCS SGS ASM GL900", "asm_ground900", 3, "Ground layer below 900 m"),
    ("OCS SGS ASM TAU0", "asm_tau0", 6, "[s] Coherence time"),
    ("OCS SGS ASM WINDSP", "asm_wind", 2, "[m/s] Wind speed"),
    ("OCS SGS FLUX", "sgs_flux", 1, "[ADU] Flux of the field stars"),
    ("OCS SGS FWHM", "sgs_fwhm", 3, "[arcsec] Width of the field stars"),
)

GUIDING: list[Row] = alphabetical(
    [
        ("OCS DET1 IMGNAME", Fact("image_name"), "Name of the data file"),
        ("OCS IPS PIXSCALE", Fact("pixel", 3), "[arcsec/pixel] Pixel scale"),
        *(
            (f"{key} {what}", Fact(f"{fact}_{what.lower()}", digits), f"{comment}, {what}")
            for key, fact, digits, comment in _SERIES
            for what in _STATISTICS
        ),
        ("OCS SGS ALGO NAME", "CORRELATOR", "How stars are centred"),
        ("OCS SGS ALGO WIN SCALE", 6.0, "Scale of the window"),
        ("OCS SGS ALGO WIN SIZE", 40, "[pix] Size of the window"),
        ("OCS SGS FLUX RMSPRC", Around(2.5, 0.4, 1), "[%] Scatter of the flux"),
        ("OCS SGS LOOP CLOSED PRCTG", 0.0, "[%] Time with a closed loop"),
        ("OCS SGS LOOP GAIN", 0.95, "Gain of the loop"),
        ("OCS SGS LOOP MODE", 3, "Mode of the loop"),
        ("OCS SGS LOOP MODENAME", "FREE RUN", "Name of the mode"),
        ("OCS SGS LOOP PERIOD", 18, "[s] Period of the loop"),
        ("OCS SGS LOOP ST", Fact("slow_guiding"), "T when the loop runs"),
        ("OCS SGS NOBJ", Around(7.0, 0.6), "Stars in use"),
        *each(
            range(1, 11),
            ("OCS SGS OBJ{i} FLUX", Around(2.1e4, 4e3, 0), "[ADU] Flux of star {i}"),
            ("OCS SGS OBJ{i} REJECTED", False, "T when star {i} was rejected"),
            ("OCS SGS OBJ{i} USED PRCTG", 100.0, "[%] Time that star {i} was used"),
            ("OCS SGS OBJ{i} X", Around(500.0, 180.0, 1), "[pix] Place of star {i} in x"),
            ("OCS SGS OBJ{i} Y", Around(500.0, 180.0, 1), "[pix] Place of star {i} in y"),
        ),
        ("OCS SGS OFFSET ENABLED", False, "T when offsets are sent"),
        *each(
            ("DEC", "RA"),
            ("OCS SGS OFFSET {i}AVG", Around(0.0, 0.01, 4), "[arcsec] Mean offset in {i}"),
            ("OCS SGS OFFSET {i}MAX", Around(0.05, 0.01, 4), "[arcsec] Largest offset in {i}"),
            ("OCS SGS OFFSET {i}MED", Around(0.0, 0.01, 4), "[arcsec] Median offset in {i}"),
            ("OCS SGS OFFSET {i}MIN", Around(-0.05, 0.01, 4), "[arcsec] Least offset in {i}"),
            ("OCS SGS OFFSET {i}RMS", Around(0.02, 0.004, 4), "[arcsec] Scatter in {i}"),
            ("OCS SGS OFFSET {i}SUM", Around(0.0, 0.05, 4), "[arcsec] Sum of offsets in {i}"),
        ),
        ("OCS SGS OFFSET THRMAX", 1.0, "[arcsec] Largest offset allowed"),
        ("OCS SGS OFFSET THRMIN", 0.02, "[arcsec] Least offset sent"),
        ("OCS SGS PIXSCALE X", 0.093, "[arcsec/pix] Scale in x"),
        ("OCS SGS PIXSCALE Y", 0.0895, "[arcsec/pix] Scale in y"),
        ("OCS SGS REF NBIMG", 1, "Images in the reference"),
        ("OCS SGS REF SAVE", "MUSE_SGS_REF_START_POS.fits", "File of the reference"),
        ("OCS SGS REF ST", True, "T when a reference was taken"),
        ("OCS SGS REJECT PRCTG", 0.0, "[%] Images rejected"),
    ]
)
