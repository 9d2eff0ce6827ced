"""What can go wrong, by the code of millrace/v1/millrace.proto."""

from typing import Dict, Type


class Error(Exception):
    """A failure that a server or the client library reports.

    Attributes:
        code: "UNAVAILABLE" and so on; each of those that users handle has a
            subclass of this.
    """

    code = "UNKNOWN"

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(message)
        if code:
            self.code = code


class Cancelled(Error):
    """The stream was cancelled or closed while something waited for it."""

    code = "CANCELLED"


class InvalidArgument(Error, ValueError):
    """The plan or an option is wrong; the message says which, and how."""

    code = "INVALID_ARGUMENT"


class DeadlineExceeded(Error, TimeoutError):
    """A query was not answered in time."""

    code = "DEADLINE_EXCEEDED"


class NotFound(Error, LookupError):
    """The server has no such dataset, class or sample."""

    code = "NOT_FOUND"


class PermissionDenied(Error):
    """The server does not let this client do that."""

    code = "PERMISSION_DENIED"


class Unauthenticated(Error):
    """The server does not know who this client is."""

    code = "UNAUTHENTICATED"


class ResourceExhausted(Error):
    """Too large for the server's limits, or no memory is left."""

    code = "RESOURCE_EXHAUSTED"


class FailedPrecondition(Error):
    """A saved state is of another plan, or an audit log cannot be written."""

    code = "FAILED_PRECONDITION"


class ForkedError(FailedPrecondition, RuntimeError):
    """Something of the parent process was used after fork().

    gRPC does not survive a fork: its threads are gone in the child, and what
    waits for them would wait forever.
    """


class OutOfRange(Error, IndexError):
    """Beyond the end."""

    code = "OUT_OF_RANGE"


class Unavailable(Error, ConnectionError):
    """No server could be reached for `give_up_after` seconds."""

    code = "UNAVAILABLE"


class DataLoss(Error):
    """Stored data is damaged; the message names the sample."""

    code = "DATA_LOSS"


class Internal(Error):
    """A bug of Millrace."""

    code = "INTERNAL"


_BY_CODE: Dict[str, Type[Error]] = {
    kind.code: kind
    for kind in (Cancelled, InvalidArgument, DeadlineExceeded, NotFound,
                 PermissionDenied, Unauthenticated, ResourceExhausted,
                 FailedPrecondition, OutOfRange, Unavailable, DataLoss,
                 Internal)
}


def error_of(code: str, message: str) -> Error:
    """The exception for a code's name."""
    return _BY_CODE.get(code, Error)(message, code)
