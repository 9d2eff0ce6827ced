"""Prints _plan.pyi: Plan with the methods that are made from tables.

    python3 -m millrace._stub > millrace/_plan.pyi
"""

import inspect
import textwrap
from typing import Any

from millrace import _plan, _schema

_TYPES = {"uint32": "int", "uint64": "int", "double": "float", "bool": "bool",
          "string": "str"}

_HEADER = '''\
"""Made by _stub.py from the tables of _schema; do not edit."""

import inspect
import os
from typing import (Any, Dict, Iterable, Optional, Sequence, Tuple, Union)

from millrace.where import Condition

METHODS: Dict[str, str]

def signature_of(message: str) -> inspect.Signature: ...
def doc_of(name: str, message: str) -> str: ...

'''


def _type_of(field: _schema.Field) -> str:
    one = _TYPES.get(field.type, "Any")
    if field.name == "value":
        return "Union[float, Sequence[float], str]"
    kind = f"Union[{one}, Sequence[{one}]]" if field.repeated else one
    if field.repeated and field.counts and 1 not in field.counts:
        kind = f"Sequence[{one}]"
    return f"Optional[{kind}]" if field.default is None else kind


def _wrapped(first: str, parameters: list, last: str) -> str:
    text = first + ", ".join(["self", *parameters]) + last
    if len(text) <= 80:
        return text
    # Lines end between parameters only: textwrap leaves these spaces alone.
    for joint in (" -> ", " = ", ": "):
        text = text.replace(joint, joint.replace(" ", "\u00a0"))
    text = textwrap.fill(text, 80, subsequent_indent=" " * 8,
                         break_long_words=False, break_on_hyphens=False)
    return text.replace("\u00a0", " ")


def _method(name: str, message: str) -> str:
    parameters = []
    for field in _schema.MESSAGES[message]:
        default: Any = field.default
        end = "" if default is _schema.REQUIRED else f" = {default!r}"
        parameters.append(f"{field.name}: {_type_of(field)}{end}")
    doc = textwrap.indent('"""' + _plan.doc_of(name, message) + '\n"""',
                          " " * 8)
    lines = []
    for line in doc.splitlines():
        lines += textwrap.wrap(line, 80, subsequent_indent=" " * 16,
                               drop_whitespace=True) or [""]
    return (_wrapped(f"    def {name}(", parameters, ") -> \"Plan\":") + "\n"
            + "\n".join(lines) + "\n        ...\n")


def _plain_method(name: str, member: Any) -> str:
    kind = ""
    if isinstance(member, property):
        kind, member = "    @property\n", member.fget
    elif isinstance(member, classmethod):
        kind, member = "    @classmethod\n", member.__func__
    parameters = []
    signature = inspect.signature(member)
    for parameter in list(signature.parameters.values())[1:]:
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        text = f"{star}{parameter.name}: " + _annotation(parameter.annotation)
        if parameter.default is not parameter.empty:
            text += f" = {parameter.default!r}"
        parameters.append(text)
    first = f"    def {name}("
    last = f") -> {_annotation(signature.return_annotation)}: ..."
    text = _wrapped(first, parameters, last)
    return kind + (text.replace("(self", "(cls", 1)
                   if "classmethod" in kind else text) + "\n"


def _annotation(annotation: Any) -> str:
    if isinstance(annotation, str):
        return f'"{annotation}"'
    if annotation is None or isinstance(annotation, type):
        return getattr(annotation, "__name__", "None")
    return (str(annotation).replace("typing.", "")
            .replace("millrace.where.", "").replace("ForwardRef(", "")
            .replace("'Plan')", '"Plan"')
            .replace("'os.PathLike[str]')", '"os.PathLike[str]"'))


def stub() -> str:
    """The text of _plan.pyi."""
    text = _HEADER + "class Plan:\n"
    doc = inspect.getdoc(_plan.Plan) or ""
    text += textwrap.indent(f'"""{doc}\n"""\n', "    ")
    for name, member in vars(_plan.Plan).items():
        wanted = (not name.startswith("_")
                  or name in ("__init__", "__eq__", "__hash__"))
        if wanted and name not in _plan.METHODS and callable(
                getattr(member, "fget", None)
                or getattr(member, "__func__", member)):
            text += _plain_method(name, member)
    for name, message in _plan.METHODS.items():
        text += _method(name, message)
    return "\n".join(line.rstrip() for line in text.split("\n"))


if __name__ == "__main__":
    print(stub(), end="")
