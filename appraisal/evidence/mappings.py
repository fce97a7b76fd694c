"""How an unknown file is read: recognised, mapped by hand, and kept as a preset for the next file of its form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from appraisal.evidence import access
from appraisal.evidence.intake.errors import FileRefused, PresetInvalid
from appraisal.evidence.intake.guessing import Guess, guess_declaration
from appraisal.evidence.intake.known import UNNAMED, build_declaration, find_preset, preset_of_import, presets_that_fit
from appraisal.evidence.intake.look import look_at
from appraisal.evidence.intake.presets import Preset, shipped_content, shipped_presets
from appraisal.evidence.intake.requests import stored_path
from appraisal.evidence.models import EvidenceImport, SavedPreset
from engineers.access import require_hr
from engineers.audit import record
from engineers.models import User


def recognise(path: Path, *, kind: str) -> tuple[Preset | None, Guess | None]:
    """Return the preset that fits a file best, else a guess at its columns. Raises FileRefused."""
    look = look_at(path)
    fitting = presets_that_fit(look, kind=kind)
    return (fitting[0], None) if fitting else (None, guess_declaration(look, kind=kind))


def choose_reading(
    path: Path, *, kind: str, preset: str, declaration: Any
) -> tuple[Preset, dict[str, Any] | None, tuple[str, ...]]:
    """Return what a file is read by: the declaration or preset that was named, what fits, else what is guessed.

    With the declaration, where it is not a preset's, and the forms of dates that its values leave open. Raises
    FileRefused, IntakeMisuse and, for a declaration with a fault or a guess that is not complete, PresetInvalid.
    """
    if declaration is not None:
        content = _nameless(declaration)
        return build_declaration(content), content, ()
    if preset:
        return find_preset(preset), None, ()
    fitting, guess = recognise(path, kind=kind)
    if fitting or guess is None:
        return fitting or find_preset(preset), None, ()
    return build_declaration(guess.declaration), guess.declaration, guess.open_formats


def recognise_import(*, import_id: int) -> None:
    """Find out how an uploaded file is read, and note it on the import that waits.

    The file is looked at before the transaction: a large one takes seconds, and nobody else could write meanwhile.
    """
    job = EvidenceImport.objects.get(pk=import_id)
    try:
        preset, guess = recognise(stored_path(job), kind=job.kind)
    except FileRefused:
        return  # the preview says why
    with transaction.atomic():
        job = EvidenceImport.objects.select_for_update().get(pk=import_id)
        if preset is not None:
            take_preset(job, preset)
            job.source = job.source or preset.default_source
        elif guess is not None:
            job.declaration = guess.declaration
            job.source = job.source or source_of(job.file_name)
        job.save()


def take_preset(job: EvidenceImport, preset: Preset) -> None:
    """Have an import read by a preset; of a saved one it keeps a copy, so that it tells for ever how it was read."""
    job.preset, job.preset_version, job.declaration = preset.code, None, {}
    if preset.code not in shipped_presets():
        saved = SavedPreset.objects.get(code=preset.code)
        job.preset_version, job.declaration = saved.version, saved.content


def checked(content: Any) -> dict[str, Any]:
    """Return a declaration that can be read by. Raises PresetInvalid."""
    found = _nameless(content)
    build_declaration(found)
    return found


def source_of(file_name: str) -> str:
    """Return a name for the system a file comes from, made of its name."""
    return slugify(Path(file_name).name.split(".")[0].rstrip("0123456789-_ "), allow_unicode=True)[:60] or "import"


@transaction.atomic
def map_import(*, import_id: int, declaration: Mapping[str, Any], source: str, time_zone: str, by: User) -> None:
    """Read a file that waits for its confirmation by a mapping of its own. Raises Http404 for any other import."""
    job = access.get_waiting_import(viewer=by, import_id=import_id, lock=True)
    job.preset, job.preset_version = "", None
    job.declaration = _nameless(declaration)
    job.source, job.time_zone = source, time_zone
    job.save()


def keep_mapping(*, import_id: int, name: str, by: User, now: datetime) -> SavedPreset:
    """Save the mapping of a waiting import as a preset, and read the import by it.

    Raises Http404, and ValidationError for a name in use and for a mapping that is not complete.
    """
    job = access.get_waiting_import(viewer=by, import_id=import_id)
    try:
        preset = preset_of_import(job)
        header = look_at(stored_path(job)).sheet(preset.sheet).header
    except (PresetInvalid, FileRefused) as error:
        raise ValidationError(str(error), code="not_complete") from error
    content = {**_nameless(job.declaration or shipped_content(job.preset)), "source": job.source}
    with transaction.atomic():
        saved = save_preset(name=name, content=content, header=header, by=by, now=now)
        job = access.get_waiting_import(viewer=by, import_id=import_id, lock=True)
        job.preset, job.preset_version, job.declaration = saved.code, saved.version, saved.content
        job.save()
    return saved


@transaction.atomic
def save_preset(
    *,
    name: str,
    content: Any,
    by: User,
    now: datetime,
    code: str = "",
    header: tuple[str, ...] = (),
) -> SavedPreset:
    """Keep a declaration under a name, or a new version of one (``code``). Unchanged, it stays the version it is.

    ``content`` is what the file of a shipped preset says, without code and title. Raises Http404 unless ``by`` has the
    HR role or for an unknown code, and ValidationError for a name in use and for a declaration with a fault.
    """
    require_hr(by)
    preset = access.get_preset_to_change(viewer=by, code=code, lock=True) if code else None
    name = name.strip()
    if not name:
        raise ValidationError({"name": _("Give the preset a name.")})
    others = SavedPreset.objects.filter(name=name).exclude(code=code)
    if others.exists() or name in shipped_presets():
        raise ValidationError({"name": _("There is a preset of this name. Choose another name, or change that one.")})
    code = preset.code if preset else _code_for(name)
    try:
        content = {"code": code, "title": {"en": name, "zh-hans": name}, **_nameless(content)}
        built = build_declaration(content)
    except PresetInvalid as error:
        raise ValidationError({"declaration": str(error)}) from error
    if len(built.default_source) > 60:
        raise ValidationError({"declaration": _("The name of a source has at most 60 characters.")})
    before = _facts(preset) if preset else {}
    if preset is None:
        preset = SavedPreset(code=code, header=sorted(set(header)))
    elif (preset.name, preset.content) == (name, content):
        return preset
    else:
        preset.version += 1
    preset.name, preset.content, preset.saved_by, preset.saved_at = name, content, by, now
    preset.full_clean()
    preset.save()
    record(action="evidence.preset_saved", target=preset, by=by, now=now, before=before, after=_facts(preset))
    return preset


@transaction.atomic
def delete_preset(*, code: str, by: User, now: datetime) -> None:
    """Forget a saved preset; imports read by it keep their copy. Raises Http404."""
    preset = access.get_preset_to_change(viewer=by, code=code, lock=True)
    record(action="evidence.preset_deleted", target=preset, by=by, now=now, before=_facts(preset))
    preset.delete()


def _facts(preset: SavedPreset) -> dict[str, Any]:
    return {"name": preset.name, "version": preset.version, "content": preset.content}


def _nameless(content: Any) -> dict[str, Any]:
    """Return a declaration without what the portal itself says of it. Raises PresetInvalid for anything else."""
    if not isinstance(content, Mapping):
        raise PresetInvalid(f"{UNNAMED}: expected names with values")
    return {key: value for key, value in content.items() if key not in ("code", "title")}


def _code_for(name: str) -> str:
    """Return a code nobody has: of the name's letters where it has some a code may hold."""
    base = slugify(name)[:50] or "preset"
    taken = {*shipped_presets(), *SavedPreset.objects.filter(code__startswith=base).values_list("code", flat=True)}
    number = 1
    code = base
    while code in taken:
        number += 1
        code = f"{base}-{number}"
    return code
