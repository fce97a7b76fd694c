"""Review records: KPI lines, the manager's scoring, the roll-up."""
