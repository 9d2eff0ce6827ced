"""Plans, as trees by the tables of _schema, in protobuf's text format."""

from typing import Any, Dict, List

from millrace import _schema

_WIDTH = 80


def _scalar(field: _schema.Field, value: Any) -> str:
    if field.type == "string":
        escaped = "".join(
            {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r",
             "\t": "\\t"}.get(c, c) for c in value)
        return f'"{escaped}"'
    if field.type == "bool":
        return "true" if value else "false"
    if field.type == "double":
        text = repr(float(value))
        return text[:-2] if text.endswith(".0") else text
    return str(value)


def _lines(message: str, tree: Dict[str, Any], indent: str) -> List[str]:
    lines: List[str] = []
    for field in _schema.MESSAGES[message]:
        if field.name not in tree:
            continue
        value = tree[field.name]
        if field.type in _schema.MESSAGES:
            for one in value if field.repeated else [value]:
                lines += _message_lines(field, one, indent)
        elif not field.repeated:
            lines.append(f"{indent}{field.name}: {_scalar(field, value)}")
        elif len(value) == 1:
            lines.append(f"{indent}{field.name}: {_scalar(field, value[0])}")
        else:
            values = ", ".join(_scalar(field, one) for one in value)
            lines.append(f"{indent}{field.name}: [{values}]")
    return lines


def _message_lines(field: _schema.Field, tree: Dict[str, Any],
                   indent: str) -> List[str]:
    if not tree:
        return [f"{indent}{field.name} {{}}"]
    short = f"{indent}{field.name} {{ {inline(field.type, tree)} }}"
    if len(short) <= _WIDTH:
        return [short]
    return [f"{indent}{field.name} {{",
            *_lines(field.type, tree, indent + "  "), f"{indent}}}"]


def inline(message: str, tree: Dict[str, Any]) -> str:
    """On one line, whatever its length."""
    lines = _lines(message, tree, "")
    return " ".join(line.strip() for line in lines)


def pretty(message: str, tree: Dict[str, Any]) -> str:
    """One field a line, short messages on one."""
    return "".join(line + "\n" for line in _lines(message, tree, ""))
