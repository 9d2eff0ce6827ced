"""The streams that a Loader makes: a millrace_stream as long as it is used."""

import atexit
import ctypes
import threading
import weakref
from typing import Any, Dict, Optional, Set

from millrace import _library, _options
from millrace._errors import Cancelled


def closed_error() -> BaseException:
    """For a daemon thread that waits at the interpreter's end: it just ends."""
    return SystemExit() if _exiting else Cancelled("the loader was closed")


class Stream:
    """A millrace_stream, for as long as somebody uses it:

        with stream.use() as pointer:
            library.stream_...(pointer, ...)

    From any thread, and from a signal's handler in the midst of another use.
    Once closed, who is last in such a block releases it.
    """

    class Use:
        """One such block. An interrupt may come between any two calls."""

        def __init__(self, stream: "Stream") -> None:
            self._stream = stream

        def __enter__(self) -> ctypes.c_void_p:
            stream = self._stream
            try:
                with stream._lock:
                    if stream._closed or stream.pointer is None:
                        raise closed_error()
                    stream._users.add(self)
                    return stream.pointer
            except BaseException:
                self._leave()
                raise

        def __exit__(self, *_: object) -> None:
            try:
                self._leave()
            finally:
                self._leave()

        def _leave(self) -> None:
            with self._stream._lock:
                self._stream._users.discard(self)
                self._stream._release_if_unused()

    def __init__(self, options: Dict[str, Any], state: bytes) -> None:
        self.generation = _library.generation
        self.library = _library.get()
        self.pointer: Optional[ctypes.c_void_p] = None
        # Of `users` and `closed`. A handler may come while its own thread
        # holds it.
        self._lock = threading.RLock()
        self._released = threading.Condition(self._lock)
        self._users: Set["Stream.Use"] = set()
        self._closed = False
        handle = _options.new_options(options, state)
        try:
            _library.use_network()
            pointer = ctypes.c_void_p()
            self.library.call("stream_start", handle, ctypes.byref(pointer))
            self.pointer = pointer
        finally:
            self.library.options_release(handle)
        _live.add(self)

    def close(self, _process: Any = _library) -> None:
        """Idempotent. Ends what waits in other threads."""
        if self.generation != _process.generation:
            return
        with self._lock:
            self._closed = True
            if self.pointer is not None:
                self.library.stream_cancel(self.pointer)
            self._release_if_unused()

    def _release_if_unused(self) -> None:
        if self._closed and not self._users and self.pointer is not None:
            pointer, self.pointer = self.pointer, None
            self.library.stream_release(pointer)
            self._released.notify_all()

    def wait_released(self, timeout: float) -> None:
        """After close(): until nobody uses it any more."""
        with self._lock:
            self._released.wait_for(lambda: self.pointer is None, timeout)

    def use(self) -> "Stream.Use":
        return Stream.Use(self)


# What the end of the interpreter closes.
_live: "weakref.WeakSet[Stream]" = weakref.WeakSet()
_exiting = False


def is_exiting() -> bool:
    return _exiting


def _close_all() -> None:
    global _exiting
    _exiting = True
    for stream in list(_live):
        stream.close()
        # A daemon thread may be in it, and never leave.
        stream.wait_released(5)


atexit.register(_close_all)
