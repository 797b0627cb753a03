"""The settings of the installation, one tab for each concern."""
