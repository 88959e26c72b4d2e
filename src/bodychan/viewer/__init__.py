"""The viewer: a small web server, and the page that it serves."""
