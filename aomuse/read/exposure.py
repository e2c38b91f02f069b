"""Read all files of an exposure; one that cannot be read does not stop the others."""

from __future__ import annotations

from aomuse.errors import FileError
from aomuse.exchange.content import ExposureContent, FileContent, FitContent
from aomuse.exchange.files import TEXT_ROLES, ExposureFiles, FoundFile
from aomuse.exchange.issue import Issue


def read_exposure(files: ExposureFiles) -> ExposureContent:
    """Read the files of an exposure."""
    contents: dict[FoundFile, FileContent] = {}
    failed: list[FoundFile] = []
    issues: list[Issue] = list(files.issues)
    for file in files.files:
        try:
            contents[file] = _read(file, files.archive_id)
        except FileError as error:
            failed.append(file)
            issues.append(Issue.from_error(error))
        else:
            issues += contents[file].issues

    def content(file: FoundFile | None) -> FileContent | None:
        return contents.get(file) if file else None

    return ExposureContent(
        archive_id=files.archive_id,
        raw_file=files.raw_file,
        reduced=tuple(contents[file] for file in files.reduced if file in contents),
        raw=content(files.raw),
        fits=tuple(
            FitContent(
                fit.name, fit.model, content(fit.reduced), content(fit.prm), content(fit.psf)
            )
            for fit in files.fits
        ),
        failed=tuple(failed),
        issues=tuple(issues),
        companions=tuple(contents[file] for file in files.companions if file in contents),
    )


def _read(file: FoundFile, archive_id: str | None) -> FileContent:
    # Here and not above: astropy takes long to import, and a load without news reads no file.
    if file.role in TEXT_ROLES:
        from aomuse.read.text_file import read_text

        return read_text(file, archive_id)
    from aomuse.read.fits_file import read_fits

    return read_fits(file)
