"""`python -m quartetvae.cli` is `quartetvae`."""

from quartetvae.cli import main

main()
