"""Mails as they travel and as Outlook keeps them. Runs in the child."""
