"""Documents deleted for good. A short module, as the chapter's name."""
