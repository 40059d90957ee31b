"""A house per worker, a room per submission: where student code runs.

`levels` finds out what this machine can do, `seccomp` writes the system-call filter, `house` starts the warm parent
and hands out rooms. What happens inside a room is in autograder/inside.
"""
