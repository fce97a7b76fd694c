"""The review of the KPIs themselves after a cycle: do they tell anybody apart, and what do they cost (STANDARD 6)."""
