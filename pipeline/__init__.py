"""What the product does, in plain Python: no boto3, no openai, no Lambda event."""
