"""The presets there are: shipped ones, and those that HR saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from appraisal.evidence.intake.errors import IntakeMisuse, PresetInvalid
from appraisal.evidence.intake.look import Look
from appraisal.evidence.intake.presets import Preset, build_preset, shipped_presets
from appraisal.evidence.models import EvidenceImport, SavedPreset

logger = structlog.get_logger(__name__)

UNNAMED = "mapping"


def find_preset(code: str) -> Preset:
    """Return a shipped or saved preset. Raises IntakeMisuse naming those there are."""
    shipped = shipped_presets()
    if code in shipped:
        return shipped[code]
    saved = SavedPreset.objects.filter(code=code).first()
    if saved is None:
        codes = sorted([*shipped, *SavedPreset.objects.values_list("code", flat=True)])
        raise IntakeMisuse(f"There is no preset {code!r}; there are: {', '.join(codes)}.")
    return preset_of(saved)


def preset_of(saved: SavedPreset) -> Preset:
    return build_preset(saved.content, name=saved.code)


def preset_of_import(job: EvidenceImport) -> Preset:
    """Return what an import is read by. Raises IntakeMisuse or PresetInvalid."""
    return build_declaration(job.declaration) if job.declaration else find_preset(job.preset)


def build_declaration(content: Any) -> Preset:
    """Check a mapping that was made in the portal; one without a name serves a single file. Raises PresetInvalid."""
    if isinstance(content, dict):
        content = {"code": UNNAMED, "title": {"en": UNNAMED, "zh-hans": UNNAMED}, **content}
    return build_preset(content, name=UNNAMED)


def all_presets() -> list[Preset]:
    """Return the shipped presets and then the saved ones."""
    return [*shipped_presets().values(), *_sound(SavedPreset.objects.all())]


def presets_that_fit(look: Look, *, kind: str) -> list[Preset]:
    """Return the presets of a kind whose columns all stand in a file, the best first.

    A preset saved for just this header comes first, then saved ones before shipped ones, then by the number of columns
    that are read.
    """
    saved = {each.code: each for each in SavedPreset.objects.all()}

    def rank(preset: Preset) -> tuple[bool, bool, int]:
        header = look.sheet(preset.sheet).header
        own = saved.get(preset.code)
        exact = own is not None and own.header == sorted(set(header))
        return (exact, own is not None, len(set(preset.columns()) & set(header)))

    found = (*_sound(saved.values()), *shipped_presets().values())
    return sorted((each for each in found if kind in each.kinds and look.fits(each)), key=rank, reverse=True)


def _sound(saved: Iterable[SavedPreset]) -> list[Preset]:
    """Return those that can be read by. One that a newer version of the portal refuses must not close the upload."""
    found = []
    for each in saved:
        try:
            found.append(preset_of(each))
        except PresetInvalid as error:
            logger.warning("a saved preset cannot be read by", preset=each.code, fault=str(error))
    return found
