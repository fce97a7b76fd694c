"""Use of the results: bonus, improvement plans, training needs, promotion, commendation."""
