"""Every address of the portal."""

from allauth.account.decorators import secure_admin_login
from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from appraisal.cycles.api import ManualValueViewSet
from appraisal.evidence.api.audits import ReportAuditViewSet, SampleViewSet
from appraisal.evidence.api.imports import ImportViewSet
from appraisal.evidence.api.presets import ImportPresetViewSet
from appraisal.evidence.api.records import register
from appraisal.evidence.api.settlements import ExceptionViewSet
from appraisal.evidence.api.targets import TargetViewSet
from appraisal.evidence.api.worklogs import WorkLogViewSet
from appraisal.evidence.calendar_api import WorkCalendarViewSet
from appraisal.feedback import round_views
from appraisal.feedback.round_api import FeedbackRoundViewSet
from appraisal.feedback.task_api import FeedbackTaskViewSet
from appraisal.jobs.api import JobViewSet
from appraisal.kpis.library_api import KpiViewSet
from appraisal.kpis.scheme_api import SchemeViewSet
from appraisal.kpis.suggestion_api import SuggestionViewSet
from appraisal.notices.api import NoticeViewSet
from appraisal.outcomes import api as outcomes_api
from appraisal.outcomes import training_views
from appraisal.reports import kpi_review_views
from appraisal.reports import views as report_views
from appraisal.reports.api import CycleViewSet, ReviewViewSet
from appraisal.reports.board_api import CycleBoardViewSet, SearchViewSet, StandingViewSet
from appraisal.reports.home_api import HomeViewSet
from appraisal.reports.kpi_review_api import KpiReviewViewSet
from appraisal.reports.print_api import PrintViewSet
from appraisal.reports.tryout_api import TryOutViewSet
from appraisal.reviews.appeals.api import AppealTermsViewSet, AppealViewSet
from appraisal.reviews.appeals.dispute_api import DisputeViewSet, QueueViewSet, TicketPlaceViewSet
from appraisal.reviews.calibration import views as calibration_views
from appraisal.reviews.calibration.api import CalibrationPoolViewSet, CalibrationViewSet, CycleCalibrationViewSet
from appraisal.reviews.interviews.api import InterviewViewSet, OpenInterviewViewSet
from appraisal.reviews.rating.api import OverrideViewSet, SelfReviewViewSet
from appraisal.reviews.steps.api import (
    CycleTransitionViewSet,
    ReopeningViewSet,
    ReviewTransitionViewSet,
    StagesViewSet,
)
from appraisal.reviews.vetoes.api import VetoViewSet
from appraisal.reviews.worklogs.api import ReviewReportViewSet, ReviewWorkLogViewSet
from config import health
from engineers.api_files import file_door
from engineers.audit_api import AuditEntryViewSet

# The admin uses the portal's own log-in page: one door, one limit on attempts.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

router = SimpleRouter()
router.register("cycles", CycleViewSet)
router.register(r"cycles/(?P<code>[-\w]+)/values", ManualValueViewSet, basename="cycle-value")
router.register(r"cycles/(?P<code>[-\w]+)/prints", PrintViewSet, basename="cycle-print")
router.register("reviews", ReviewViewSet)
router.register(r"reviews/(?P<review_id>\d{1,18})/vetoes", VetoViewSet, basename="veto")
router.register(r"cycles/(?P<code>[-\w]+)/transitions", CycleTransitionViewSet, basename="cycle-transition")
router.register(r"cycles/(?P<code>[-\w]+)/reopenings", ReopeningViewSet, basename="cycle-reopening")
router.register(r"cycles/(?P<code>[-\w]+)/stages", StagesViewSet, basename="cycle-stage")
router.register(r"reviews/(?P<review_id>\d{1,18})/transitions", ReviewTransitionViewSet, basename="review-transition")
router.register(r"reviews/(?P<review_id>\d{1,18})/self", SelfReviewViewSet, basename="review-self")
router.register(r"reviews/(?P<review_id>\d{1,18})/overrides", OverrideViewSet, basename="review-override")
router.register(
    r"schemes/(?P<code>[-\w]+)/versions/(?P<number>\d{1,9})/tryout", TryOutViewSet, basename="scheme-tryout"
)
router.register(r"cycles/(?P<code>[-\w]+)/kpi-review", KpiReviewViewSet, basename="cycle-kpi-review")
router.register("kpis", KpiViewSet, basename="kpi")
router.register("schemes", SchemeViewSet)
router.register("suggestions", SuggestionViewSet)
router.register(r"reviews/(?P<review_id>\d{1,18})/worklog", ReviewWorkLogViewSet, basename="review-worklog")
router.register(r"reviews/(?P<review_id>\d{1,18})/reports", ReviewReportViewSet, basename="review-report")
router.register(
    r"cycles/(?P<code>[-\w]+)/calibration-pools", CalibrationPoolViewSet, basename="cycle-calibration-pool"
)
router.register(r"cycles/(?P<code>[-\w]+)/calibrations", CycleCalibrationViewSet, basename="cycle-calibration")
router.register(r"reviews/(?P<review_id>\d{1,18})/calibrations", CalibrationViewSet, basename="review-calibration")
router.register("disputes", QueueViewSet, basename="queue")
router.register(r"tickets/(?P<ticket_id>\d{1,18})/places", TicketPlaceViewSet, basename="ticket-place")
router.register(r"reviews/(?P<review_id>\d{1,18})/disputes", DisputeViewSet, basename="dispute")
router.register(r"reviews/(?P<review_id>\d{1,18})/appeals", AppealViewSet, basename="appeal")
router.register(r"reviews/(?P<review_id>\d{1,18})/interview", InterviewViewSet, basename="review-interview")
router.register(r"cycles/(?P<code>[-\w]+)/interviews", OpenInterviewViewSet, basename="cycle-interview")
router.register(r"cycles/(?P<code>[-\w]+)/appeal-terms", AppealTermsViewSet, basename="appeal-terms")
router.register("imports", ImportViewSet)
router.register("import-presets", ImportPresetViewSet, basename="import-preset")
router.register("targets", TargetViewSet)
router.register("exceptions", ExceptionViewSet, basename="exception")
router.register("audit-samples", SampleViewSet)
router.register("report-audits", ReportAuditViewSet)
router.register("home", HomeViewSet, basename="home")
router.register("standing", StandingViewSet, basename="standing")
router.register("search", SearchViewSet, basename="search")
router.register(r"cycles/(?P<code>[-\w]+)/board", CycleBoardViewSet, basename="cycle-board")
router.register("worklog", WorkLogViewSet, basename="worklog")
router.register("calendars", WorkCalendarViewSet)
router.register("jobs", JobViewSet)
router.register("feedback-tasks", FeedbackTaskViewSet, basename="feedback-task")
router.register("feedback-rounds", FeedbackRoundViewSet, basename="feedback-round")
router.register("notices", NoticeViewSet)
router.register("audit", AuditEntryViewSet)
register(router)
outcomes_api.register(router)

_FORMAT = "export/<slug:export_format>/"
files = [
    path(address, file_door(view), name=name)
    for address, view, name in (
        (f"cycles/<slug:code>/{_FORMAT}", report_views.cycle_export, "cycle-export"),
        (f"cycles/<slug:code>/kpi-review/{_FORMAT}", kpi_review_views.kpi_review_export, "kpi-review-export"),
        (f"cycles/<slug:code>/calibrations/{_FORMAT}", calibration_views.export, "calibration-export"),
        (f"feedback-rounds/<slug:code>/{_FORMAT}", round_views.export, "feedback-round-export"),
        (f"training-needs/{_FORMAT}", training_views.need_export, "training-need-export"),
    )
]

# Swagger UI writes style attributes; only its page may.
api_docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("accounts/", include("allauth.account.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(([*files, *router.urls], "api"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", api_docs, name="api-docs"),
    path("", include("engineers.urls")),
    path("", include("appraisal.guide.urls")),
    path("", include("appraisal.jobs.urls")),
    path("", include("appraisal.notices.urls")),
    path("", include("appraisal.evidence.urls")),
    path("", include("appraisal.evidence.calendar_urls")),
    path("", include("appraisal.kpis.urls")),
    path("", include("appraisal.cycles.urls")),
    path("", include("appraisal.feedback.urls")),
    path("", include("appraisal.reviews.urls")),
    path("", include("appraisal.outcomes.urls")),
    path("", include("appraisal.reports.urls")),
]
