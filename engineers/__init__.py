"""People: accounts and roles, engineers, the team tree, employment and team periods."""
