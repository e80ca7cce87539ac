"""The rehearsal: what test keys send is decided on the real definitions, in a store of its own.

Nothing of it goes out. The store is another one, so that nothing there is in any line, figure or search of
what is real; what is decided there is carried out by `worker`, which has no channel to the world.
"""
