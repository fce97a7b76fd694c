"""What the log-in library is told about this portal."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):
    """Accounts are made by HR, never by visitors."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
