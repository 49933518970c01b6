"""All tests, and what stands in for others in them."""

import os

# Trio, which a browser's client brings along, has a plugin for Hypothesis that loads all of Trio in
# each test process, and nothing here is a test of Trio.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")
