"""Text of PDFs, read page by page in a child process with limits."""
