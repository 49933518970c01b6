"""Files inside of a document: which there are, and what they hold."""
