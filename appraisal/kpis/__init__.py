"""What is measured and how it scores: measures, KPI definitions, schemes."""
