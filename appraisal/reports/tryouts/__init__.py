"""Trying a scheme version on a cycle that is over: nothing of it is stored, no published figure changes."""
