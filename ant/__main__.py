"""`python -m ant` is the `ant` command."""

from ant.cli.main import main

main()
