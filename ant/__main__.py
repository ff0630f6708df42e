"""`python -m ant` is the `ant` command."""

from ant.cli import main

main()
