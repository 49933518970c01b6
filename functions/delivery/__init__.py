"""The delivery policy, the same for every queue: a batch of records in, acknowledgements out."""
