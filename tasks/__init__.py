"""Background work: what the web may ask for (queue), and what workers do."""
