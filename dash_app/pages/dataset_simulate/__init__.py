"""Make a data set with the bearing simulator."""
