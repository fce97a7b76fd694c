from django.urls import URLPattern, path

from appraisal.reviews import veto_views, views

urlpatterns: list[URLPattern] = [
    path("reviews/<int:review_id>/rate/", views.rate, name="rate_review"),
    path("reviews/<int:review_id>/rate/save/", views.save, name="save_rating"),
    path("reviews/<int:review_id>/rate/take-back/", views.take_back, name="take_back_review"),
    path("reviews/<int:review_id>/vetoes/", veto_views.review_vetoes, name="review_vetoes"),
    path("reviews/<int:review_id>/vetoes/<int:veto_id>/decide/", veto_views.decide, name="decide_veto"),
    path("cycles/<slug:code>/move/", views.move, name="move_cycle"),
]
