"""Checks against real servers of models, run by hand: they take minutes and large packages."""
