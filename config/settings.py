"""Django's settings. What differs between installations comes from config/environment.py."""

from pathlib import Path
from typing import Any

import structlog
from csp.constants import NONE, SELF

from config import environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = environment.load(BASE_DIR)
VAR_DIR = ENVIRONMENT.var_dir
for folder in ("broker/messages", "broker/control", "cache", "media", "static", "uploads"):
    (VAR_DIR / folder).mkdir(parents=True, exist_ok=True)

DEMO = ENVIRONMENT.demo
DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)

INSTALLED_APPS = [
    "engineers",
    "appraisal.jobs",
    "appraisal.notices",
    "appraisal.calendars",
    "appraisal.evidence",
    "appraisal.kpis",
    "appraisal.cycles",
    "appraisal.feedback",
    "appraisal.reviews",
    "appraisal.outcomes",
    "appraisal.reports",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.static.PortalStaticFilesConfig",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "tree_queries",
]

MIDDLEWARE = [
    "config.logs.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "engineers.middleware.PlainQueries",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "engineers.middleware.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "engineers.navigation.navigation",
                "engineers.themes.look",
                "engineers.zones.shown_zone",
                "appraisal.notices.bell.bell",
            ],
        },
    },
]

# Data. With the default deferred transactions SQLite refuses concurrent writers instead of letting them wait.
SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": VAR_DIR / "db.sqlite3",
    "OPTIONS": {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    },
    # A file, not memory: tests then meet the same locking as the product, and worker processes the same data.
    "TEST": {"NAME": VAR_DIR / "test.sqlite3"},
}
DATABASES = {
    "default": environment.database(ENVIRONMENT.database_url) if ENVIRONMENT.database_url else SQLITE,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENVIRONMENT.cache_url}
        if ENVIRONMENT.cache_url
        else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": VAR_DIR / "cache"}
    )
}

# Language and time
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True

# Static and uploaded files
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
TABLER = BASE_DIR / "node_modules" / "@tabler" / "core" / "dist"
STATICFILES_DIRS: list[Any] = [
    *(folder for folder in (BASE_DIR / "static",) if folder.is_dir()),
    *((f"vendor/tabler/{kind}", TABLER / kind) for kind in ("css", "js") if (TABLER / kind).is_dir()),
]
# Scorecards are printed with it: complete GB 2312, SIL Open Font License.
PDF_FONTS = [
    BASE_DIR / "node_modules" / "@embedpdf" / "fonts-sc" / "fonts",
    BASE_DIR / "node_modules" / "@expo-google-fonts" / "noto-emoji" / "400Regular",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static.PortalStaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"
# Uploads of hundreds of megabytes must not fill a /tmp that lives in memory.
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
FILE_UPLOAD_PERMISSIONS = 0o600

# People
AUTH_USER_MODEL = "engineers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "engineers.adapters.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Attempts are limited per address: behind a proxy that must be the visitor's, not the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENVIRONMENT.trust_proxy_headers else 0

# Security
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEMO
SECURE_HSTS_SECONDS = 0 if DEMO else 30 * 24 * 3600
SECURE_SSL_REDIRECT = ENVIRONMENT.trust_proxy_headers and not DEMO
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.trust_proxy_headers else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "ENUM_NAME_OVERRIDES": {
        "CycleState": "appraisal.cycles.models.CycleState",
        "ReviewState": "appraisal.reviews.models.ReviewState",
        "VetoCause": "appraisal.reviews.models.VetoCause",
        "DisputeCause": "appraisal.reviews.models.DisputeCause",
        "AppealOutcome": "appraisal.reviews.models.Outcome",
        "ImprovementPlanOutcome": "appraisal.outcomes.models.PlanOutcome",
        "ImportState": "appraisal.evidence.models.ImportState",
        "JobState": "appraisal.jobs.models.JobState",
        "BonusPlanState": "appraisal.outcomes.models.BonusPlanState",
        "ImprovementPlanCause": "appraisal.outcomes.models.PlanCause",
        "ImprovementPlanState": "appraisal.outcomes.models.PlanState",
        "TrainingNeedState": "appraisal.outcomes.models.NeedState",
        "SchemeState": "appraisal.kpis.models.SchemeState",
        "TargetKind": "appraisal.evidence.models.TargetKind",
        "EvidenceKind": "appraisal.evidence.models.EvidenceKind",
        "FeedbackRaterGroup": "appraisal.feedback.models.Group",
        "FeedbackRequestState": "appraisal.feedback.models.RequestState",
    },
    "TITLE": "Engineer appraisal portal",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Background work. Messages are only a doorbell; the rows in the database say what is to be done.
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "ring again for scoring nobody finished": {
        "task": "appraisal.reviews.tasks.ring_again",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "compute figures anew whose evidence has changed": {
        "task": "appraisal.reviews.tasks.refresh_figures",
        "schedule": 3.0,
        "options": {"expires": 3.0},
    },
    "keep what reviews stand at, once a day": {
        "task": "appraisal.reviews.tasks.keep_days",
        "schedule": 900.0,
        "options": {"expires": 900.0},
    },
    "mark whose figures the passing of time has changed": {
        "task": "appraisal.reviews.tasks.mark_what_time_changed",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "remind whoever is open before a deadline": {
        "task": "appraisal.reviews.tasks.remind",
        "schedule": 1800.0,
        "options": {"expires": 1800.0},
    },
    "remind whoever has not logged the last workday": {
        "task": "appraisal.evidence.tasks.remind_of_missing_logs",
        "schedule": 1800.0,
        "options": {"expires": 1800.0},
    },
    "ring again for imports nobody finished": {
        "task": "appraisal.evidence.tasks.resume_imports",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    "ring again for jobs nobody finished": {
        "task": "appraisal.jobs.tasks.sweep",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "remove printed scorecards nobody may fetch any more": {
        "task": "appraisal.reports.tasks.remove_old_prints",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
    "send notices by e-mail and chat": {
        "task": "appraisal.notices.tasks.deliver",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "ring again for figures nobody updated": {
        "task": "appraisal.evidence.tasks.resume_figure_updates",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
}
SCORING_CHUNK_SIZE = ENVIRONMENT.scoring_chunk_size
if ENVIRONMENT.redis_url:
    CELERY_BROKER_URL = ENVIRONMENT.redis_url
    # Longer than the longest task, or Redis would deliver it twice.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"visibility_timeout": 6 * 3600}
else:
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker" / "messages"),
        "data_folder_out": str(VAR_DIR / "broker" / "messages"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        "polling_interval": 0.05,
    }
    # Remote control would leave a file for every event and nobody to read it.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
    # The processes of a pool share one queue here: one that is killed while it holds the lock would stall the others
    # for good. One process that does the work itself has none to lose.
    CELERY_WORKER_POOL = "solo"

# E-mail: without a server, letters appear in the log of the web process.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENVIRONMENT.email_host else 'console'}.EmailBackend"
EMAIL_HOST = ENVIRONMENT.email_host or ""
EMAIL_PORT = ENVIRONMENT.email_port
EMAIL_USE_TLS = ENVIRONMENT.email_port == 587
EMAIL_USE_SSL = ENVIRONMENT.email_port == 465
EMAIL_HOST_USER = ENVIRONMENT.email_user
EMAIL_HOST_PASSWORD = ENVIRONMENT.email_password
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from

# Notices. The addresses of chat robots are secrets: whoever knows one can post.
PORTAL_URL = ENVIRONMENT.portal_url
NOTICE_DIGEST_HOUR = ENVIRONMENT.notice_digest_hour
CHAT_CHANNEL_SECRETS = ENVIRONMENT.chat_channels

# Else there is a line for every task that is sent, received and done, every few seconds.
TASKS_LOG_LEVEL = "DEBUG" if ENVIRONMENT.log_level == "DEBUG" else "WARNING"

# Logs: one line an event on standard error, with the id of the request it belongs to.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.PositionalArgumentsFormatter(),
            ],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(
                    [
                        structlog.processors.format_exc_info,
                        structlog.processors.JSONRenderer(ensure_ascii=False),
                    ]
                    if ENVIRONMENT.log_format == "json"
                    else [
                        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
                    ]
                ),
            ],
        }
    },
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["lines"], "level": ENVIRONMENT.log_level},
    # Django's own handlers would print a second copy of each line.
    "loggers": {
        "django": {"handlers": [], "level": ENVIRONMENT.log_level},
        "django.server": {"handlers": [], "propagate": True},
        "celery": {"level": TASKS_LOG_LEVEL},
        "django_celery_beat": {"level": TASKS_LOG_LEVEL},
        # These write the addresses of chat robots, which are secrets.
        "apprise": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "urllib3": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
