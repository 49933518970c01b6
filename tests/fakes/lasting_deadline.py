"""A deadline for tests that are about something else. Short: it is one value, used everywhere.

It is made when a test module is imported, and a whole run takes longer than any deadline that
passes: on a slow machine the last tests would find it over.
"""

from shared.deadline import Deadline

DEADLINE = Deadline(600.0, clock=lambda: 0.0)
