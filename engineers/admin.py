from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from tree_queries.admin import TreeAdmin

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


class UserRoleInline(admin.TabularInline):
    model = UserRole
    extra = 0


@admin.register(User)
class AccountAdmin(UserAdmin):
    inlines = (UserRoleInline,)


class EmploymentInline(admin.TabularInline):
    model = Employment
    extra = 0


class TeamMembershipInline(admin.TabularInline):
    model = TeamMembership
    extra = 0


@admin.register(Engineer)
class EngineerAdmin(admin.ModelAdmin):
    list_display = ("employee_no", "name", "profile", "user")
    search_fields = ("employee_no", "name")
    autocomplete_fields = ("user",)
    inlines = (EmploymentInline, TeamMembershipInline)


@admin.register(Team)
class TeamAdmin(TreeAdmin):
    list_display = ("indented_title", "code", "manager")
    autocomplete_fields = ("manager",)
    search_fields = ("code", "name")


@admin.register(JobProfile)
class JobProfileAdmin(admin.ModelAdmin):
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
