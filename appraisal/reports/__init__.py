"""Read-only views over everything below: scorecards, boards, exports."""
