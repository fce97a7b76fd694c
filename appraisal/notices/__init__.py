"""What people are told: in the portal, by e-mail and by chat robots, as each of them chose."""
