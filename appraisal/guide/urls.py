from django.urls import URLPattern, path

from appraisal.guide import views

urlpatterns: list[URLPattern] = [
    path("guide/", views.guide, name="guide"),
    path("guide/<slug:name>/", views.guide_chapter, name="guide_chapter"),
]
