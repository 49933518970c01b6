"""Dead letters: replayed, discarded, and swept up after a process that died.

Only the sweep is in a function's zip. All else here is used by the operator's command line alone.
"""
