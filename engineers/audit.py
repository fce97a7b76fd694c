"""The audit trail: who did what to whom, when, with the state before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from engineers.models import AuditEntry, Engineer, User

# What a record calls the engineer it is about.
_PERSON_FIELDS = ("engineer_id", "ratee_id")


def record(
    *,
    action: str,
    target: Model,
    by: User | None,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one entry. ``by`` None stands for the command line. Called inside the transaction of the change."""
    AuditEntry.objects.create(
        at=now,
        actor=by,
        action=action,
        target_type=target._meta.label_lower,
        target_id=target.pk,
        target_label=str(target)[:200],
        concerned_id=person_concerned(target),
        before=_plain(before),
        after=_plain(after),
        reason=reason,
    )


def person_concerned(target: Model) -> int | None:
    """Return the id of the engineer a record is about, None where it is about no single person."""
    if isinstance(target, Engineer):
        return target.pk
    if isinstance(target, User):
        return Engineer.objects.filter(user=target).values_list("pk", flat=True).first()
    return next((getattr(target, name) for name in _PERSON_FIELDS if hasattr(target, name)), None)


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(values or {}), cls=DjangoJSONEncoder))
    return plain
