"""The one fit loop of neural families and what listens to it."""
