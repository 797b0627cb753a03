"""Everything that outlives a process: settings, database, live progress, artifact files."""
