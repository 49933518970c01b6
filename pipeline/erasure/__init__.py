"""Erasing documents: each with all that was made of it. A short module, as the chapter's name."""
