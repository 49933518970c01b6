"""What is kept of documents: their rows, the text of their pages, ways to find both."""
