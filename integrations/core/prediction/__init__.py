"""A finished model on new recordings: do they fit, what does it say, how far may it be believed."""
