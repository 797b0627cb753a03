"""One model of the register."""
