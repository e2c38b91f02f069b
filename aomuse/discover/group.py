"""The cubes and raw files that name one exposure."""

from __future__ import annotations

from dataclasses import dataclass, field

from aomuse.exchange.files import FoundFile


@dataclass
class Group:
    """The files of one archive id, while they are being collected."""

    archive_id: str
    raw_file: str | None = None
    reduced: list[FoundFile] = field(default_factory=list)
    raws: list[FoundFile] = field(default_factory=list)

    @property
    def anchor(self) -> FoundFile | None:
        """The file that others are near to or far from."""
        return next(iter((*self.reduced, *self.raws)), None)
