"""libmillrace.so by ctypes; client/millrace.h documents each function.

Nothing is loaded until the first function is needed, so that plans can be built
without the library.
"""

import ctypes
import os
import pathlib
import threading
from typing import Any, List, Optional

from millrace import _errors

_SONAME = "libmillrace.so.1"
_FOLDER = pathlib.Path(__file__).resolve().parent

_HOW_TO_BUILD = f"""\
{_SONAME} was not found. It comes with the wheel; without one, build it in a
checkout of Millrace,

    scripts/setup.sh --packages
    cmake --preset release && cmake --build --preset release -t millrace_c

and set MILLRACE_LIBRARY=build/release/lib/{_SONAME}. Looked for it at:
"""

OK = 0
DEADLINE_EXCEEDED = 4
OUT_OF_RANGE = 11


class CTensor(ctypes.Structure):
    """millrace_tensor."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("dtype", ctypes.c_int32),
        ("dimensions", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_uint64),
    ]


_POINTER = ctypes.c_void_p
_TEXT = ctypes.c_char_p
# Where a function puts a pointer: byref() of one, or None.
_OUT = ctypes.c_void_p
# The address of a CTensor.
_TENSOR = ctypes.c_void_p
_U64 = ctypes.c_uint64
_SIZE = ctypes.c_size_t
_DOUBLE = ctypes.c_double
_INT = ctypes.c_int32

# Name -> result, arguments.
_FUNCTIONS = {
    "abi_version": (_INT, []),
    "version": (_TEXT, []),
    "code_name": (_TEXT, [_INT]),
    "free": (None, [_POINTER]),
    "keep_freed_memory": (None, [_SIZE]),
    "plan_parse": (_INT, [_TEXT, _TEXT, _OUT, _OUT]),
    "options_new": (_POINTER, []),
    "options_release": (None, [_POINTER]),
    "options_set_text": (_INT, [_POINTER, _TEXT, _TEXT, _OUT]),
    "options_set_bytes": (_INT, [_POINTER, _TEXT, _TEXT, _SIZE, _OUT]),
    "options_set_integer": (_INT, [_POINTER, _TEXT, _U64, _OUT]),
    "options_set_seconds": (_INT, [_POINTER, _TEXT, _DOUBLE, _OUT]),
    "options_check": (_INT, [_POINTER, _OUT]),
    "stream_start": (_INT, [_POINTER, _OUT, _OUT]),
    "stream_open": (_INT, [_POINTER, _DOUBLE, _OUT]),
    "stream_steps_per_epoch": (_U64, [_POINTER]),
    "stream_positions_per_epoch": (_U64, [_POINTER]),
    "stream_plan_digest": (_U64, [_POINTER]),
    "stream_batch_bytes": (_U64, [_POINTER]),
    "stream_plan": (_TEXT, [_POINTER]),
    "stream_tensor_count": (_SIZE, [_POINTER]),
    "stream_tensor": (_TENSOR, [_POINTER, _SIZE]),
    "stream_next": (_INT, [_POINTER, _DOUBLE, _OUT, _OUT]),
    "stream_state": (_INT, [_POINTER, _U64, _OUT, _OUT, _OUT]),
    "stream_cancel": (None, [_POINTER]),
    "stream_stats": (_INT, [_POINTER, _OUT, _OUT]),
    "stream_release": (None, [_POINTER]),
    "batch_step": (_U64, [_POINTER]),
    "batch_tensor": (_TENSOR, [_POINTER, _SIZE]),
    "batch_release": (None, [_POINTER]),
    "dataset_info": (_INT, [_TEXT, _TEXT, _DOUBLE, _OUT, _OUT]),
}
_ABI_VERSION = 1


def _candidates() -> List[str]:
    """Where the library may be, the likeliest place first."""
    named = os.environ.get("MILLRACE_LIBRARY")
    if named:
        return [named]
    places = [_FOLDER / _SONAME]
    # client/python/millrace of a checkout.
    root = _FOLDER.parents[2]
    if (root / "client" / "millrace.h").exists():
        places.append(root / "build" / "release" / "lib" / _SONAME)
    return [str(place) for place in places if place.exists()] + [_SONAME]


def _load() -> ctypes.CDLL:
    reasons = []
    for place in _candidates():
        try:
            return ctypes.CDLL(place)
        except OSError as error:
            reasons.append(f"  {place}: {error}")
    raise ImportError(_HOW_TO_BUILD + "\n".join(reasons))


class Library:
    """The functions, without their prefix: `library.stream_next(...)`."""

    def __init__(self) -> None:
        self._dll = _load()
        for name, (result, arguments) in _FUNCTIONS.items():
            try:
                function = getattr(self._dll, "millrace_" + name)
            except AttributeError:
                raise ImportError(
                    f"{self._dll._name} has no millrace_{name}: it is older "
                    "than this package; install both from one version"
                ) from None
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)
        if self.abi_version() != _ABI_VERSION:
            raise ImportError(
                f"{self._dll._name} has version {self.abi_version()} of the C "
                f"interface, this package needs {_ABI_VERSION}; install both "
                "from one version")

    def __getattr__(self, name: str) -> Any:  # For type checkers.
        raise AttributeError(name)

    def take_text(self, pointer: ctypes.c_void_p) -> str:
        """Copies and frees a text that the library handed over."""
        if not pointer.value:
            return ""
        text = ctypes.string_at(pointer.value).decode("utf-8", "replace")
        self.free(pointer)
        return text

    def error(self, code: int, message: ctypes.c_void_p) -> _errors.Error:
        name = self.code_name(code).decode()
        return _errors.error_of(name, self.take_text(message))

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function whose last argument is `message`; raises."""
        message = ctypes.c_void_p()
        code = getattr(self, name)(*arguments, ctypes.byref(message))
        if code != OK:
            raise self.error(code, message)

    def call_for_text(self, name: str, *arguments: Any) -> str:
        """The same, if the argument before `message` takes a text."""
        text = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(text))
        return self.take_text(text)


_library: Optional[Library] = None
_library_lock = threading.Lock()


def get() -> Library:
    """The library, loaded. ImportError: it is not there; how to build it."""
    global _library
    with _library_lock:
        if _library is None:
            _library = Library()
        return _library


# --- fork() -------------------------------------------------------------------

# Counts the forks between the first process and this one.
generation = 0
# Whether this process, or the one it was forked from, has used the network.
_network_used = False
_forked_from_user = False


def _after_fork_in_child() -> None:
    global generation, _forked_from_user, _library_lock
    generation += 1
    _forked_from_user = _network_used
    _library_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def check_generation(made_in: int, what: str) -> None:
    """Raises ForkedError if `what` was made before a fork."""
    if made_in != generation:
        raise _errors.ForkedError(
            f"this {what} belongs to the process that forked this one "
            f"({os.getppid()} -> {os.getpid()}); gRPC does not survive fork(). "
            "Start processes with multiprocessing's \"spawn\" or "
            "\"forkserver\" and make it there")


def use_network() -> None:
    """To call before anything that starts gRPC."""
    global _network_used
    if _forked_from_user:
        raise _errors.ForkedError(
            f"this process ({os.getpid()}) was forked from one that had "
            "already used Millrace, and gRPC does not survive fork(). Start "
            "processes with multiprocessing's \"spawn\" or \"forkserver\", or "
            "fork before the first Loader opens")
    if not _network_used:
        keep = os.environ.get("MILLRACE_KEEP_FREED_MB", "256")
        if not keep.isdecimal():
            raise ValueError(f"MILLRACE_KEEP_FREED_MB={keep!r} in the "
                             "environment is no number of megabytes")
        if int(keep) > 0:
            get().keep_freed_memory(int(keep) << 20)
    _network_used = True
