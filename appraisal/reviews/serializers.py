"""What several REST doors of this room take in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class DecisionSerializer(serializers.Serializer[Any]):
    approve = serializers.BooleanField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")


class WithdrawalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000)
