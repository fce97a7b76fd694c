"""What administrators may change behind the portal's own pages."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from tree_queries.admin import TreeAdmin

from engineers.audit import record
from engineers.models import (
    AuditEntry,
    Employment,
    Engineer,
    JobProfile,
    Team,
    TeamMembership,
    User,
    UserRole,
)


class AuditedAdmin(admin.ModelAdmin):
    """Whatever is changed here stands in the portal's audit trail too."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._recorded("admin.added", request, obj, message, super().log_addition(request, obj, message))

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return self._recorded("admin.changed", request, obj, message, super().log_change(request, obj, message))

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._recorded("admin.deleted", request, obj, "", None)
        return super().log_deletions(request, queryset)

    def _recorded(self, action: str, request: HttpRequest, obj: Model, message: Any, entry: Any) -> Any:
        by = request.user if isinstance(request.user, User) else None
        record(action=action, target=obj, by=by, now=timezone.now(), after={"change": message} if message else None)
        return entry


class UserRoleInline(admin.TabularInline):
    model = UserRole
    extra = 0


@admin.register(User)
class AccountAdmin(AuditedAdmin, UserAdmin):
    inlines = (UserRoleInline,)


class EmploymentInline(admin.TabularInline):
    model = Employment
    extra = 0


class TeamMembershipInline(admin.TabularInline):
    model = TeamMembership
    extra = 0


@admin.register(Engineer)
class EngineerAdmin(AuditedAdmin):
    list_display = ("employee_no", "name", "profile", "user")
    search_fields = ("employee_no", "name")
    autocomplete_fields = ("user",)
    inlines = (EmploymentInline, TeamMembershipInline)


@admin.register(Team)
class TeamAdmin(AuditedAdmin, TreeAdmin):
    list_display = ("indented_title", "code", "manager")
    autocomplete_fields = ("manager",)
    search_fields = ("code", "name")


@admin.register(JobProfile)
class JobProfileAdmin(AuditedAdmin):
    list_display = ("code", "name", "is_lead")


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """Read only: the trail is appended to by the actions alone."""

    list_display = ("at", "actor", "action", "target_label")
    list_filter = ("action",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
