"""What of new Office files is changed before the library opens them. Runs in the child."""
