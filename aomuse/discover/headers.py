"""The identities of files by their headers, each header read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aomuse.discover.identity import read_identity
from aomuse.errors import FileError
from aomuse.exchange.files import FoundFile, Identity, Role
from aomuse.exchange.issue import Issue

#: Returns the identity from an earlier run if the file has not changed since, else None.
Recall = Callable[[FoundFile], Identity | None]


@dataclass
class Headers:
    """The identities of files, remembered from an earlier run or read now.

    ``issues`` gets an issue for each header that cannot be read; ``folder_roles`` has the role by
    folder of each file whose header gives another one.
    """

    recall: Recall
    issues: list[Issue]
    read: dict[FoundFile, Identity] = field(default_factory=dict)
    folder_roles: dict[FoundFile, Role] = field(default_factory=dict)
    _known: dict[FoundFile, Identity | None] = field(default_factory=dict, init=False)

    def identity(self, file: FoundFile) -> Identity | None:
        """Return the identity of a file, None where its header cannot be read."""
        if file not in self._known:
            self._known[file] = self.recall(file) or self._read(file)
        return self._known[file]

    def whole(self, file: FoundFile) -> Identity:
        """Return the identity from the header itself: a remembered one is shorter."""
        if file not in self.read:
            self.read[file] = read_identity(file)
        return self.read[file]

    def renamed(self, file: FoundFile, role: Role) -> FoundFile:
        """Return a file with the role that its header gives."""
        found = replace(file, role=role)
        self._known[found] = self._known.pop(file)
        self.folder_roles[found] = file.role
        if file in self.read:
            self.read[found] = self.read.pop(file)
        return found

    def _read(self, file: FoundFile) -> Identity | None:
        try:
            return self.whole(file)
        except FileError as error:
            self.issues.append(Issue.from_error(error))
            return None
