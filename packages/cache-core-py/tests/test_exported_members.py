from __future__ import annotations

import importlib
import pkgutil
from types import FunctionType

import cachepact

PUBLIC_MODULES = {"generated", "prometheus", "testing"}


def test_all_is_the_sorted_public_surface() -> None:
    members = {name for name in vars(cachepact) if not name.startswith("_")}
    modules = {module.name for module in pkgutil.iter_modules(cachepact.__path__)}
    assert sorted(members - modules) == sorted(cachepact.__all__)
    assert len(set(cachepact.__all__)) == len(cachepact.__all__)


def test_other_modules_are_private() -> None:
    modules = {module.name for module in pkgutil.iter_modules(cachepact.__path__)}
    assert {name for name in modules if not name.startswith("_")} == PUBLIC_MODULES


def test_public_modules_name_their_members() -> None:
    for name in PUBLIC_MODULES:
        module = importlib.import_module(f"cachepact.{name}")
        for member in module.__all__:
            found = getattr(module, member)
            if not isinstance(found, type | FunctionType):
                continue  # the name of a type, which says nothing of where it was made
            home = found.__module__
            assert home == module.__name__ or home.startswith("cachepact._")


def test_every_public_member_says_what_it_is() -> None:
    for name in cachepact.__all__:
        member = getattr(cachepact, name)
        if isinstance(member, type):
            assert member.__doc__, name


def test_package_is_typed() -> None:
    assert (importlib.resources.files("cachepact") / "py.typed").is_file()
