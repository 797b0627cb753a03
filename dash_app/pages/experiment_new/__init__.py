"""The wizard that configures and starts an experiment; cloning uses it as well."""
