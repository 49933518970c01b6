"""Send requests, and read answers as they come."""
