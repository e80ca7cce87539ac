"""The scheduler: notices when something is due, and has it done.

Every worker brings one, in a process of its own beside the pool (a bootstep starts and ends it), so that it
neither shares a database connection over a fork nor waits for the worker's event loop. Any number of them may
run: all they do is look into SQL and send messages that say "look".
"""
