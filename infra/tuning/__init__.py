"""How much memory a function gets: sizes measured, one chosen, and drawn."""
