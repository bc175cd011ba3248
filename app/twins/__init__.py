"""Two networks side by side as twins: looked at, edited and compared together."""
