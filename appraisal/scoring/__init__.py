"""Pure scoring rules: facts in, value out. Imports neither Django nor any other room."""
