"""One data set: what was understood of an upload, or its recordings, windows and origin."""
