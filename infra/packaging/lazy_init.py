"""Packages whose `__init__` only collects names, made to load a name when it is asked for.

`import openai` loads 700 modules with the types of every endpoint, of which one is called. PEP 562
lets a package look a name up when it is used; what the name stands for stays the same.
"""

import ast

_TEMPLATE = '''"""Generated: names of this package, loaded when they are used."""

import importlib

_MODULES = {modules!r}


def __getattr__(name):
    if name in _MODULES:
        module, original = _MODULES[name]
        value = getattr(importlib.import_module(module, __name__), original)
    else:
        try:
            value = importlib.import_module("." + name, __name__)
        except ModuleNotFoundError:
            raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}") from None
    globals()[name] = value
    return value
'''


def make_lazy(source: str, package: str) -> str | None:
    """Write an `__init__` that loads what it names when it is used.

    Args:
        source: The original, which imports names from its own modules.
        package: The full name of the package.

    Returns:
        The new source; None where the original does anything else, and so has to stay as it is.
    """
    modules: dict[str, tuple[str, str]] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.ImportFrom(module="__future__"):
                continue
            case ast.ImportFrom(module=str() as module, names=names, level=1):
                modules |= {item.asname or item.name: (f".{module}", item.name) for item in names}
            case ast.ImportFrom(module=str() as module, names=names, level=0) if module.startswith(
                f"{package}."
            ):
                modules |= {item.asname or item.name: (module, item.name) for item in names}
            case ast.Assign(targets=[ast.Name(id="__all__")]) | ast.Expr(value=ast.Constant()):
                continue
            case _:
                return None
    return _TEMPLATE.format(modules=modules) if modules else None
