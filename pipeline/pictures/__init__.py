"""Picture files: how large one is and how it is to be turned, without decoding it.

Runs in children only. Whole pictures are decoded by `pipeline/recognition`, in its jail.
"""
