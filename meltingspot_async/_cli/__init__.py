"""The ``meltingspot`` command (extra ``cli``)."""

from importlib.util import find_spec

if not (find_spec("typer") and find_spec("rich")):
    raise SystemExit("The command needs an extra: pip install 'meltingspot-async[cli]'")
