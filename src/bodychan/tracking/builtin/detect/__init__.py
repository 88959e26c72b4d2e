"""Where in the image people are."""
