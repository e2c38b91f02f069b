"""The matrix of missing data of very many exposures."""

from dataclasses import fields

import pandas as pd

from aomuse.report.data import Content
from aomuse.report.matrix import MOST_GAPS, matrix
from aomuse.report.missing import MISSING, PARTS, THERE


def test_the_table_has_the_gaps_of_the_latest_exposures_and_says_so():
    total = MOST_GAPS + 2
    start = pd.Timestamp("2018-08-12T23:00:00Z")
    exposures = pd.DataFrame({"exposure_id": range(total), "target": "M 22", "mode": "WFM-AO-N"})
    exposures["time"] = start + pd.to_timedelta(exposures["exposure_id"], unit="h")
    exposures["archive_id"] = exposures["time"].dt.strftime("MUSE.%Y-%m-%dT%H:%M:%S.000")
    states = exposures[["exposure_id"]].merge(pd.Series(PARTS, name="part"), how="cross")
    states["state"] = states["part"].map({PARTS[0]: MISSING}).fillna(THERE)
    states["reason"] = states["state"].map({MISSING: "there is no such file", THERE: ""})
    empty = pd.DataFrame()
    content = Content(
        **dict.fromkeys((f.name for f in fields(Content)), empty) | {"exposures": exposures}
    )
    section = matrix(content, states, empty)
    (table,) = section.tables
    assert table.frame["archive_id"].tolist() == exposures["archive_id"].tolist()[2:]
    assert (
        f"Of {total:,} gaps, the table has the {MOST_GAPS:,} of the latest exposures."
        in section.notes
    )
    assert f"{PARTS[0]} in {total:,}" in section.figures[0].summary
