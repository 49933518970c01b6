"""Rules for the template, by subject: its public functions that yield violations are the rules.

The BREAKS of a subject are changes of the template that its rules have to notice.
"""
