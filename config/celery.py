"""The Celery application: ``celery -A config worker`` and ``beat``."""

import os
from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.install()

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect(weak=False)
def use_django_logging(**_: Any) -> None:
    """Keep one log format for web, worker and beat: Celery would replace it with its own."""
    from django.conf import settings

    dictConfig(settings.LOGGING)
