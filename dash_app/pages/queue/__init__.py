"""The queue: what runs, what waits and when it starts, who works."""
