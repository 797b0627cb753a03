"""One module per schema change, named by release."""
