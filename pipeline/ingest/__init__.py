"""From an uploaded document to chunks of text on the way to the worker."""
