"""`python -m bodychan` is the command line."""

from bodychan.cli import main

main()
