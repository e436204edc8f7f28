"""Names whose module is loaded when somebody first uses them (PEP 562).

Most programs use one or two of the resources and their models; to make the classes of all takes longer than the rest.
Some use models and errors only, and no client. The same names stand in import statements for type checkers, which
programs like PyInstaller follow, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module


def loader(package: str, modules: Mapping[str, Iterable[str]]) -> Callable[[str], object]:
    """A package's ``__getattr__``. It loads the modules themselves, too, as if the package had imported them.

    :param modules: names of the package, by the module below it that has them.
    """
    module_of = {name: module for module, names in modules.items() for name in names}
    submodules = {module.partition(".")[0] for module in modules}

    def load(name: str) -> object:
        if name in submodules:
            return import_module(f"{package}.{name}")
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, value)  # so that this is asked only once
        return value

    return load
