"""`python -m subhub`: the program `subhub`, where no script of that name is on the path."""

from subhub.cli import main

main()
