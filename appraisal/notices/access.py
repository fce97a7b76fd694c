"""A notice is its recipient's alone: nobody else reads it, whatever the role."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from appraisal.notices.models import Notice
from engineers.models import User


def own_notices(viewer: User) -> QuerySet[Notice]:
    return Notice.objects.filter(user=viewer)


def get_notice(*, viewer: User, notice_id: int) -> Notice:
    """Return a notice of one's own. Raises Http404."""
    notice = own_notices(viewer).filter(pk=notice_id).first()
    if notice is None:
        raise Http404
    return notice
