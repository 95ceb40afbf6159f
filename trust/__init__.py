"""What a person may trust, tried out at random: what is killed, what is damaged, what another machine makes.

`kills`, `bytes` and `mutations` are programs, each of which writes what it found beside itself, as JSON; so are
`mutants` and `coverage`, which try the tests. `python -m tools.trust` makes docs/trust.md of these. Everything random
comes from a seed.
"""
