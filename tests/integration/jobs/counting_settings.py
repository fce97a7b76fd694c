"""The portal's settings with a worker that knows the kind of job that tests interrupt."""

from config.settings import *  # noqa: F403 -- all of them, and one more

CELERY_IMPORTS = ("tests.integration.jobs.counting",)
