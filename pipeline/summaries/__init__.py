"""From chunks of text to the summary of a document, with every page accounted for."""
