"""The options of a Loader: read, checked, and made a millrace_options."""

import ctypes
import operator
from typing import Any, Dict, Iterable, Sequence, Union

from millrace import _library

# What millrace_options_set_*() takes, and as what.
_KINDS = {
    "endpoints": "text", "plan": "text", "name": "text", "audit_log": "text",
    "rank": "integer", "world_size": "integer", "start_step": "integer",
    "end_step": "integer", "end_epoch": "integer", "prefetch_steps": "integer",
    "prefetch_bytes": "integer", "connections": "integer",
    "max_message_bytes": "integer",
    "hedge_after": "seconds", "give_up_after": "seconds",
    "min_backoff": "seconds", "max_backoff": "seconds", "keepalive": "seconds",
    "resolve_every": "seconds",
}


def whole_number(name: str, value: Any) -> int:
    """Also of numpy's integers."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2**63:
        raise ValueError(f"{name} is {value!r}; a whole number from 0 to "
                         "2**63 - 1 is wanted")
    return number


def _seconds(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {value!r}; a number of seconds is wanted"
                        ) from None


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; a str is wanted")
    return value


_READERS = {"integer": whole_number, "seconds": _seconds, "text": text}


def read(options: Dict[str, Any]) -> Dict[str, Any]:
    """Of the kinds that they have to be.

    Raises:
        TypeError, ValueError: One is not; the message names it.
    """
    for unknown in options.keys() - _KINDS.keys():
        raise TypeError(f"Loader() has no option {unknown!r}; it has "
                        + ", ".join(_KINDS))
    return {name: _READERS[_KINDS[name]](name, value)
            for name, value in options.items()}


def endpoints_text(endpoints: Union[str, Sequence[str]]) -> str:
    if isinstance(endpoints, str):
        return endpoints
    if not isinstance(endpoints, Iterable):
        endpoints = [endpoints]
    for endpoint in endpoints:
        if not isinstance(endpoint, str):
            raise TypeError(f"endpoint {endpoint!r}: a str is wanted, such as "
                            "\"localhost:8090\"")
    return ",".join(endpoints)


def new_options(options: Dict[str, Any], state: bytes) -> ctypes.c_void_p:
    """A millrace_options, checked; the caller releases it."""
    library = _library.get()
    handle = ctypes.c_void_p(library.options_new())
    try:
        for name, value in options.items():
            kind = _KINDS[name]
            if kind == "text":
                value = value.encode()
            library.call("options_set_" + kind, handle, name.encode(), value)
        library.call("options_set_bytes", handle, b"state", state, len(state))
        library.call("options_check", handle)
    except BaseException:
        library.options_release(handle)
        raise
    return handle
