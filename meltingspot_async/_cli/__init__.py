"""The ``meltingspot`` command (extra ``cli``)."""
