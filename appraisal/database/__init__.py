"""Set-based writes and exact aggregates that SQLite and PostgreSQL answer alike."""
