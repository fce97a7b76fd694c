from django.urls import URLPattern, path

from appraisal.notices import views

urlpatterns: list[URLPattern] = [
    path("notices/", views.notice_list, name="notice_list"),
    path("notices/<int:notice_id>/read/", views.notice_read, name="notice_read"),
    path("notices/read/", views.notices_read, name="notices_read"),
    path("notices/settings/", views.notice_settings, name="notice_settings"),
]
