"""Mails that are sent to the stack: which become documents, and which are refused."""
