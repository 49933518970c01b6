"""`seashore languages`: what scans are read in."""
