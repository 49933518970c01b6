"""Whether a file, a stream and a page are whole."""
