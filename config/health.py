"""Answers for whoever watches the portal: is it alive, and can it work?"""

import os
from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.stdlib.get_logger(__name__)


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_broker() -> None:
    url = settings.ENVIRONMENT.redis_url
    if url:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            client.ping()
        return
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"cannot write to {folder}")


CHECKS: dict[str, Callable[[], None]] = {"database": check_database, "broker": check_broker}


@never_cache
@require_safe
@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """Say that the process answers, whatever the state of what it depends on."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Say for each part whether it can be reached; 503 when one cannot."""
    states = {name: _works(name, check) for name, check in CHECKS.items()}
    answer = {name: "ok" if works else "unreachable" for name, works in states.items()}
    return JsonResponse(answer, status=200 if all(states.values()) else 503)


def _works(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    # To the one who asks, all failures mean the same; the reason may hold addresses: log only.
    except Exception:
        log.exception("not ready", part=name)
        return False
    return True
