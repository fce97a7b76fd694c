"""What happened: tickets, visits and surveys, and how they come in."""
