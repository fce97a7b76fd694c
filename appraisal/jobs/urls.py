from django.urls import URLPattern, path

from appraisal.jobs import views

urlpatterns: list[URLPattern] = [
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/<int:job_id>/", views.job_detail, name="job_detail"),
    path("jobs/<int:job_id>/progress/", views.job_progress, name="job_progress"),
    path("jobs/<int:job_id>/resume/", views.job_resume, name="job_resume"),
]
