"""Readers of old Office files, as their formats of 1997 lay them out."""
