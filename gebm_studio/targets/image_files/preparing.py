"""Preparing a set of images: downloaded if need be, then made to fit once."""

from __future__ import annotations

from gebm_studio.files import explain, make_writable
from gebm_studio.presets import PresetError
from gebm_studio.schema.images import ImageFiles
from gebm_studio.targets.image_files import sets
from gebm_studio.targets.image_files.prepared import Prepared
from gebm_studio.targets.image_files.source import ImagesError
from gebm_studio.targets.preparation import Preparation, Tell


def missing(section: ImageFiles, folder: str = "") -> Preparation | None:
    """What must be done before a set can be opened, or None.

    Arguments:
        section: The set and how its images are wanted.
        folder: Where a relative path starts.
    """
    prepared = Prepared(section, folder)
    if prepared.about() is not None:
        return None

    def run(tell: Tell) -> tuple[str, ...]:
        try:
            make_writable(sets.store())
            sets.obtain(section, prepared.root, tell)
            return prepared.notes(prepared.write(sets.read(section, prepared.root, tell), tell))
        except ImagesError as problem:
            raise PresetError([str(problem)]) from problem
        except OSError as error:
            raise PresetError([explain(error, prepared.images)]) from error

    return Preparation(sets.NAMES[section.source], run)
