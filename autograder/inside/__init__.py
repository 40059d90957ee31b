"""What runs beside the student's code: everything in this folder, and nothing else of ours, is shown to it.

The folder is mounted read-only in the sandbox, so it holds no secret. What it sends out is a claim, never a verdict.
"""
