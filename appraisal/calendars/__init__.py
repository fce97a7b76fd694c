"""Working hours, holidays and make-up workdays: the truth behind every business clock."""
