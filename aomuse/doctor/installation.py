"""The installation: Python, and the packages that aomuse was installed with."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

from aomuse.doctor.finding import Finding, mend

#: Extras for those who work on aomuse itself.
_OF_DEVELOPERS = {"dev"}
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[.*?\])?\s*(?P<bounds>[^;]*)(;.*extra == .(?P<extra>[\w-]+))?"
)


@dataclass(frozen=True)
class _Requirement:
    name: str
    bounds: str
    extra: str | None

    @property
    def installed(self) -> str | None:
        try:
            return version(self.name)
        except PackageNotFoundError:
            return None

    @property
    def is_met(self) -> bool:
        found = self.installed
        if found is None:
            return False
        for bound in filter(None, self.bounds.split(",")):
            number = _numbers(bound.strip("<>= "))
            if bound.startswith(">=") and _numbers(found) < number:
                return False
            if bound.startswith("<") and not _numbers(found) < number:
                return False
        return True


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a version, without what makes it a pre-release."""
    return tuple(int(part) for part in re.match(r"[\d.]*", text)[0].split(".") if part)  # type: ignore[index]


def examine_installation() -> Iterator[Finding]:
    """Yield what is to be said of Python and the packages."""
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    try:
        parsed = [_REQUIREMENT.match(text) for text in requires("aomuse") or ()]
        yield Finding("aomuse", version("aomuse"))
    except PackageNotFoundError:
        yield mend("aomuse", "it is not installed as a package: run pip install . in its folder")
        return
    wanted = [_Requirement(m["name"], m["bounds"].strip(), m["extra"]) for m in parsed if m]
    yield from _packages([each for each in wanted if each.extra is None])
    yield _extras([each for each in wanted if each.extra])


def _packages(wanted: list[_Requirement]) -> Iterator[Finding]:
    good = []
    for each in wanted:
        if not each.is_met:
            has = each.installed or "not installed"
            yield mend(each.name, f"{has}: run pip install '{each.name}{each.bounds}'")
            continue
        try:
            import_module(each.name)
        except ImportError as error:
            yield mend(each.name, f"it cannot be imported ({error}): install it again")
        else:
            good.append(f"{each.name} {each.installed}")
    yield Finding("packages", ", ".join(good))


def _extras(wanted: list[_Requirement]) -> Finding:
    has: dict[str, bool] = {}
    for each in wanted:
        assert each.extra is not None
        has[each.extra] = has.get(each.extra, True) and each.is_met
    there = [name for name, complete in has.items() if complete and name not in _OF_DEVELOPERS]
    absent = [name for name in has if name not in {*there, *_OF_DEVELOPERS}]
    text = ", ".join(there) or "none"
    if absent:
        text += f"; without {', '.join(absent)} (pip install 'aomuse[NAME]' if you need one)"
    return Finding("extras", text)
