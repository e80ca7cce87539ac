"""The sandbox: a clock that stands still until it is moved, and what happens while it is being moved.

An advance is a row: whoever asks writes it, and the schedulers of the workers carry it out, stop by stop.
A stop is an instant at which something is due. The clock stays there until everything that follows is done,
as in a replay, only that here the real workers do it.
"""
