"""`python -m bodychan` is the command line."""

from bodychan.cli.main import main

main()
