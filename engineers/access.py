"""Who may see and do what. Every object of a page or an API call is reached through an ``access`` module."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404

from engineers.models import Engineer, Leave, Role, Team, TeamMembership, User

_ROLES = "_roles"
# From the manager's teams down: the tree as a whole would be walked through for every question.
_BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT id FROM engineers_team WHERE manager_id = %s
    UNION
    SELECT team.id FROM engineers_team AS team JOIN below ON team.parent_id = below.id
) SELECT id FROM below
"""


def roles_of(user: User) -> frozenset[str]:
    """Return the roles given to an account; read once per request."""
    if not hasattr(user, _ROLES):
        setattr(user, _ROLES, frozenset(user.user_roles.values_list("role", flat=True)))
    roles: frozenset[str] = getattr(user, _ROLES)
    return roles


def is_hr(user: User) -> bool:
    return Role.HR in roles_of(user)


def is_administrator(user: User) -> bool:
    return Role.ADMINISTRATOR in roles_of(user)


def reads_everything(user: User) -> bool:
    """HR sees all of the organisation; an auditor reads everything and writes nothing."""
    return bool(roles_of(user) & {Role.HR, Role.AUDITOR})


def require_hr(user: User) -> None:
    """Raise Http404 unless the account has the HR role: what one may not do does not exist."""
    if not is_hr(user):
        raise Http404


def require_reader(user: User) -> None:
    """Raise Http404 unless the account reads everything."""
    if not reads_everything(user):
        raise Http404


def teams_managed_by(user: User) -> QuerySet[Team]:
    """Return the teams below a manager: those managed directly and all their descendants."""
    if not is_manager(user):
        return Team.objects.none()
    return Team.objects.filter(pk__in=RawSQL(_BELOW, (user.pk,)))  # noqa: S611 -- a constant and a parameter


def is_manager(user: User) -> bool:
    return Team.objects.filter(manager=user).exists()


def visible_engineers(viewer: User, *, on: date) -> QuerySet[Engineer]:
    """Return oneself, the members of the teams below on that day, or everybody for those who read everything."""
    if reads_everything(viewer):
        return Engineer.objects.all()
    members = TeamMembership.objects.overlapping(on, on).filter(team__in=teams_managed_by(viewer))
    return Engineer.objects.filter(Q(user=viewer) | Q(pk__in=members.values("engineer")))


def nameable_engineers(viewer: User, *, on: date) -> QuerySet[Engineer]:
    """Return whom somebody may find by number or name: those one may see, and the members of the own teams."""
    seen = visible_engineers(viewer, on=on)
    if reads_everything(viewer):
        return seen
    own = TeamMembership.objects.overlapping(on, on).filter(engineer__user=viewer).values("team")
    mates = TeamMembership.objects.overlapping(on, on).filter(team__in=own).values("engineer")
    return Engineer.objects.filter(Q(pk__in=seen.values("pk")) | Q(pk__in=mates))


def get_engineer(*, viewer: User, engineer_id: int) -> Engineer:
    """Return an engineer for the pages about people. Raises Http404 unless the viewer reads everything."""
    require_reader(viewer)
    engineer = Engineer.objects.select_related("profile", "user").filter(pk=engineer_id).first()
    if engineer is None:
        raise Http404
    return engineer


def get_engineer_with_leave(*, viewer: User, engineer_id: int, on: date) -> Engineer:
    """Return an engineer whose leave the viewer may see: one's own, of the teams below, or all. Raises Http404."""
    engineer = visible_engineers(viewer, on=on).filter(pk=engineer_id).first()
    if engineer is None:
        raise Http404
    return engineer


def get_leave(*, viewer: User, engineer_id: int, leave_id: int) -> Leave:
    """Return a leave that HR may take back. Raises Http404."""
    require_hr(viewer)
    leave = Leave.objects.select_related("engineer").filter(engineer=engineer_id, pk=leave_id).first()
    if leave is None:
        raise Http404
    return leave
