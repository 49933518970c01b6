"""What travels through the queues: messages, notices of S3, what a message carries of its past."""
