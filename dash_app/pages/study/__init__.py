"""One study: repeats of a run with their mean, or a learning curve with its runs."""
