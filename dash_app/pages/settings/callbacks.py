"""What the settings screen does: the callbacks of each tab are registered by importing them."""
