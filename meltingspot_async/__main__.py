"""``python -m meltingspot_async``: the ``meltingspot`` command (extra ``cli``)."""

from ._cli.app import main

main()
