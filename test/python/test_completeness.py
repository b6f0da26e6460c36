"""Whatever the package offers is used somewhere in this suite."""

import ast
import enum
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cdk8s_high_availability as package
import pytest

HERE = Path(__file__).parent
TREES = [ast.parse(file.read_text()) for file in HERE.glob("*.py")]
NODES = [node for tree in TREES for node in ast.walk(tree)]
NAMES = {node.id for node in NODES if isinstance(node, ast.Name)}
ATTRIBUTES = {node.attr for node in NODES if isinstance(node, ast.Attribute)}


def calls() -> Iterator[tuple[str, str]]:
    """Each keyword with which something is called: what is called, and the keyword."""
    for node in NODES:
        if isinstance(node, ast.Call):
            callee = node.func
            name = callee.attr if isinstance(callee, ast.Attribute) else getattr(callee, "id", "")
            yield from ((name, keyword.arg or "") for keyword in node.keywords)


CALLS = set(calls())
EXPORTED = {name: getattr(package, name) for name in package.__all__}


# Structs are plain classes; what lives in Node has a metaclass, and so have enums.
STRUCTS = {name: item for name, item in EXPORTED.items() if type(item) is type}
CLASSES = {
    name: item
    for name, item in EXPORTED.items()
    if name not in STRUCTS and not issubclass(item, enum.Enum)
}


def methods(item: Any) -> list[str]:
    return [name for name in vars(item) if not name.startswith("_")]


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self"}


def own_props(struct: Any) -> set[str]:
    """The props that the struct does not inherit."""
    inherited = [parameters(base.__init__) for base in struct.__bases__ if base is not object]
    return parameters(struct.__init__).difference(*inherited)


def takers(struct: Any) -> list[str]:
    """Whatever takes the struct's props as keywords: itself, and calls that unfold it."""
    props = own_props(struct)
    functions = [(name, item.__init__) for name, item in CLASSES.items()]
    functions += [(m, getattr(c, m)) for c in CLASSES.values() for m in methods(c)]
    return [
        struct.__name__,
        *(name for name, f in functions if callable(f) and props <= parameters(f)),
    ]


def test_the_package_offers_what_it_should() -> None:
    assert {"HighAvailabilityService", "HighAvailabilityDefaults", "HealthCheck"} <= set(CLASSES)
    assert {"HighAvailabilityServiceProps", "Finding", "NamedPort"} <= set(STRUCTS)
    assert "http" in methods(EXPORTED["HealthCheck"])


@pytest.mark.parametrize("name", EXPORTED)
def test_every_export_is_used(name: str) -> None:
    assert name in NAMES


@pytest.mark.parametrize("name", CLASSES)
def test_every_member_is_used(name: str) -> None:
    assert set(methods(CLASSES[name])) - ATTRIBUTES == set()


@pytest.mark.parametrize("name", STRUCTS)
def test_every_prop_is_given_or_read(name: str) -> None:
    struct = STRUCTS[name]
    given = {keyword for taker in takers(struct) for callee, keyword in CALLS if callee == taker}
    read = ATTRIBUTES if name == "Finding" else set()

    assert own_props(struct) - given - read == set()
