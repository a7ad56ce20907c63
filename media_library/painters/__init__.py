"""What turns files that are no pictures of pixels into one: each runs in a process of its own, see `sandbox.py`.

Nothing here may import Django or read settings: the process has neither, nor an environment, nor files to open.
"""
