"""The product: from evidence to figures to a fair appraisal."""
