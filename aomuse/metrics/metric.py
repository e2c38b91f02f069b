"""What a metric is: a number with a version, a unit, a formula, a source and a domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aomuse.metrics.domain import ANYWHERE, Domain

Grain = Literal["exposure", "psf_fit", "laser"]
Kind = Literal["float", "count", "flag"]

#: The version that is current: every metric has one.
CURRENT = "corrected"
#: Where they differ: the formula of the AOMUSE package of 2022, and what was current before.
LEGACY, SUPERSEDED = "legacy", "corrected-1"

#: Wavelengths of the metrics by wavelength, nm.
WAVELENGTHS_NM = (500, 600, 700, 800, 900)

#: Radius of the encircled energy, arcsec.
EE_RADIUS_ARCSEC = 0.5

#: A metric's value, or the reason why there is none; by name and version.
MetricValue = float | str
Metrics = dict[tuple[str, str], MetricValue]

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("ttfree", "degraded", "laser_on"), "flag"),
    **dict.fromkeys(("num_sources", "lasers_on", "sparta_open_samples"), "count"),
    **dict.fromkeys(("laser_samples", "laser_open_samples", "laser_gaps"), "count"),
}


@dataclass(frozen=True)
class Metric:
    """One metric in one version."""

    id: int
    name: str
    version: str
    unit: str
    formula: str
    citation: str
    inputs: str
    grain: Grain = "exposure"
    domain: Domain = ANYWHERE

    @property
    def kind(self) -> Kind:
        """What the value is: a number, a number of things, or 0 and 1 for no and yes."""
        if self.name.endswith(("_used", "_rejected")):
            return "count"
        return _KINDS.get(self.name, "float")

    @property
    def row(self) -> Mapping[str, Any]:
        """Return the metric as a row of the table ``metric``."""
        own = {name: value for name, value in self.__dict__.items() if name != "domain"}
        return {**own, **self.domain.columns}


def metrics_of_table(
    table: str, grain: Grain, sources: Mapping[str, str], domains: Mapping[str, Domain]
) -> Iterator[Metric]:
    """Yield the metrics of a text: number, name, version, unit, source, domain, inputs, formula.

    A line that does not begin with a number continues the one before. A name with ``{nm}`` stands
    for all wavelengths: a number ``20+2`` is 20 at the first one, and 2 more at each.
    """
    records: list[str] = []
    for line in table.strip().splitlines():
        text = line.strip()
        if text[0].isdigit():
            records.append(text)
        else:
            records[-1] += f" {text}"
    for record in records:
        number, name, version, unit, source, domain, inputs, formula = map(
            str.strip, record.split("|")
        )
        first, _, step = number.partition("+")
        for place, nm in enumerate(WAVELENGTHS_NM if step else (0,)):
            yield Metric(
                int(first) + place * int(step or 0),
                name.format(nm=nm),
                version,
                unit,
                formula.format(nm=nm),
                sources[source],
                inputs,
                grain,
                domains[domain],
            )
