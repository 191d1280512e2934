"""Links that recipients follow and messages that they open: recorded quickly, judged and counted in batches.

A request for a link or an image leaves one small row, a *hit* (`hits`). A worker takes them from there, tells
people from programs (`judging`), and writes receipts and counters (`applying`). No address of a computer and
no name of a program is kept.
"""
