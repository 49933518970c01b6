"""Extraction: the values of fields, and the rows of lists, out of all the text of a document."""
