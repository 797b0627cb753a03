"""Several experiments side by side, with a verdict that the numbers carry."""
