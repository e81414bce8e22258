"""Scenarios: a timeline in a TOML file, played on virtual time against a real gateway and phones.

``source`` and ``reading`` make a :mod:`plan` of a file and name everything that is wrong with it.
``world`` builds gateway, phones and provider in this process; ``player`` carries the steps out at
their times; ``judge`` compares what happened with what was expected; ``report`` prints.
"""
