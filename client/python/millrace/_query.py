"""What servers tell of datasets."""

import json
import threading
from typing import Any, Dict, List, Sequence

from millrace import _library, _options
from millrace._errors import Error

# How long Ctrl-C may wait.
_SLICE_SECONDS = 0.1


def dataset_info(endpoint: str, dataset: str,
                 timeout: float = 10.0) -> Dict[str, Any]:
    """Asks one server about a dataset, "NAME" or "NAME@VERSION": a dict by the
    names of dataset.proto's DatasetInfo, such as samples, annotations,
    categories (each with name, title, samples). `timeout` is in seconds.

    Raises:
        NotFound, Unavailable, DeadlineExceeded
    """
    library = _library.get()
    name = _options.text("dataset", dataset).encode()
    server = _options.text("endpoint", endpoint).encode()
    _library.use_network()
    done = threading.Event()
    answer: List[Any] = []

    def ask() -> None:
        try:
            answer.append(json.loads(library.call_for_text(
                "dataset_info", server, name, timeout)))
        except Exception as error:  # Raised again below.
            answer.append(error)
        done.set()

    # In a thread, so that Ctrl-C does not wait for the answer.
    threading.Thread(target=ask, name="millrace-dataset-info",
                     daemon=True).start()
    while not done.wait(_SLICE_SECONDS):
        pass
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def ask_any(endpoints: Sequence[str], dataset: str) -> Dict[str, Any]:
    """dataset_info() of the first server that answers in a moment, or else the
    last."""
    *others, last = endpoints
    for endpoint in others:
        try:
            return dataset_info(endpoint.strip(), dataset, timeout=1.0)
        except Error:
            pass
    return dataset_info(last.strip(), dataset)
