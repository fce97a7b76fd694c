"""What of the third-party assets is served, and how.

The packages bring far more than the portal shows: flags, payment marks, source maps, right-to-left styles.
Left in, they would make most of the files and of the time that collectstatic takes.
"""

from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class PortalStaticFilesConfig(StaticFilesConfig):
    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.map",
        "*.rtl.*",
        "charts",  # the source of static/built/charts.js
        "tabler-flags.*",
        "tabler-marketing.*",
        "tabler-payments.*",
        "tabler-socials.*",
    ]


def _without_source_maps(rules: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(rule for rule in rules if "sourceMappingURL" not in str(rule))


class PortalStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names files by their content and compresses them; does not look for the source maps left out above."""

    patterns = tuple((glob, _without_source_maps(rules)) for glob, rules in HashedFilesMixin.patterns)
