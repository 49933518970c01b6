"""Fonts that do not say which characters they draw, or are not in the file."""
