"""Stands in for the real package in tests of the local stack itself."""
