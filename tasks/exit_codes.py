"""How a child process says why it ended."""

DONE = 0
"""It did what it was started for; the database says how that ended."""
HANDED_BACK = 75
"""It left because its worker left; the work waits for another one."""
LEASE_LOST = 76
"""Another worker owns the work now."""
HUNG = 77
"""It gave no sign of progress for too long and ended itself."""
