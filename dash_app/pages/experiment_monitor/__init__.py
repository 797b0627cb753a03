"""The live screen of one experiment."""
