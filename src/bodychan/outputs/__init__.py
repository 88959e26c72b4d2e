"""Where channels go: one file for each format or protocol."""
