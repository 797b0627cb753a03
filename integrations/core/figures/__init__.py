"""Charts as pure data, and what draws them."""
