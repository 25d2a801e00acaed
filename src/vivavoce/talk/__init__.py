"""
The core: decides what a conversation does next.

Pure: no I/O, no clock, no randomness. Events go in, commands come out, and the same events give the same commands.
"""
