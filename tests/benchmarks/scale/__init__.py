"""Simulations that `docs/scale.md` quotes: shares of a queue, and what breaks first."""
