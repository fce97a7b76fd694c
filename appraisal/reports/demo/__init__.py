"""The demonstration organisation: invented people, invented service records, real figures."""
