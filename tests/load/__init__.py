"""Benchmarks: run by hand, compared as ratios within one run. Importing this package sets Django up."""

import os
import tempfile

import django

# The portal's own var/ is left alone; the commands a benchmark starts share this one.
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="portal-bench-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
