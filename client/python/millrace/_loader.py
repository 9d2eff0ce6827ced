"""millrace.Loader: batches from servers, for any framework."""

import asyncio
import base64
import ctypes
import json
import logging
import os
import threading
import time
import weakref
from typing import (Any, AsyncIterator, Dict, Iterator, List, NamedTuple,
                    Optional, Sequence, Tuple, Union)

import numpy as np

from millrace import _library, _options, _query, _stream
from millrace._batch import DTYPE_NAMES, Batch, Form, Memory
from millrace._errors import Cancelled, FailedPrecondition, OutOfRange
from millrace._plan import Plan
from millrace._stream import Stream

_log = logging.getLogger("millrace")

# How long one call into the library waits: Ctrl-C is noticed in between.
_SLICE_SECONDS = 0.1
# MILLRACE_AFTER_LAST.
_AFTER_LAST = 2**64 - 1
# How often a loader that waits says so.
_WARN_EVERY_SECONDS = 10.0


class TensorSpec(NamedTuple):
    """What every batch holds under a name; -1 in `shape` where the extent
    differs between batches."""

    name: str
    dtype: str
    shape: Tuple[int, ...]


class _End(Exception):
    """The end of the stream."""


class Loader:
    """Streams the batches of a plan, in order, each exactly once, across
    reconnects, crashes of servers and restarts of this program.

        with Loader("localhost:8090", plan) as loader:
            for batch in loader:
                train(batch["image"], batch["label"])

    Connects when it is first used; `open()` or `with` does it at once. Endless,
    over all epochs, unless an end is given. Threads may share one: each batch
    goes to one of them.

    Ctrl-C ends waiting within 200 ms and loses nothing: going on afterwards
    gives the batch that was waited for. After fork(), the child cannot use it:
    gRPC does not survive that.

    Args:
        endpoints: One or more servers, "host:port", or "dns:///host:port" for
            every address of a name. A str may hold several, with commas.
        plan: A Plan, or its text.
        rank, world_size: As in torch.distributed: this trainer gets its share
            of every global batch; world_size must divide the plan's batch size.
        start_step: The first step, counted over epochs from 0.
        end_step, end_epoch: The first step, and the first epoch, not wanted
            any more; 0: endless. With both, what comes first counts.
        name: In the server's logs and metrics; at most 64 bytes.
        prefetch_steps: Asked for ahead of time. Each costs a batch of memory.
        prefetch_bytes: No more of them than have so many bytes together.
        connections: To each server. A second one helps where receiving takes a
            whole core.
        hedge_after: Seconds after which a step that is late is asked of a
            second server, too; math.inf: never.
        give_up_after: Seconds of waiting without any step after which to raise
            Unavailable.
        audit_log: A file for `millrace audit`: a line for each batch.
        options: Others of client/millrace.h: min_backoff, max_backoff,
            keepalive, resolve_every (seconds), max_message_bytes.

    Raises:
        InvalidArgument: An option is out of its range.
        ValueError: The plan lacks something, or a number is negative.
        TypeError: An option is of the wrong type, or there is none such.
    """

    def __init__(self, endpoints: Union[str, Sequence[str]],
                 plan: Union[Plan, str], *, rank: int = 0, world_size: int = 1,
                 start_step: int = 0, end_step: int = 0, end_epoch: int = 0,
                 name: str = "", prefetch_steps: int = 4,
                 prefetch_bytes: int = 1 << 30, connections: int = 1,
                 hedge_after: float = 0.02, give_up_after: float = 300.0,
                 audit_log: Union[str, "os.PathLike[str]"] = "",
                 **options: Any) -> None:
        if isinstance(plan, str):
            plan = Plan.from_text(plan)
        if not isinstance(plan, Plan):
            raise TypeError(f"plan is {plan!r}; a Plan or its text is wanted")
        plan.check()
        self.plan = plan
        self._options = _options.read({
            "endpoints": _options.endpoints_text(endpoints), "plan": str(plan),
            "rank": rank, "world_size": world_size, "start_step": start_step,
            "end_step": end_step, "end_epoch": end_epoch, "name": name,
            "prefetch_steps": prefetch_steps, "prefetch_bytes": prefetch_bytes,
            "connections": connections, "hedge_after": hedge_after,
            "give_up_after": give_up_after,
            "audit_log": os.fspath(audit_log), **options})
        self._library = _library.get()
        # Finds what is wrong with them now rather than at the first batch.
        self._library.options_release(_options.new_options(self._options, b""))
        self._generation = _library.generation
        self._state = b""
        self._next_step: int = self._options["start_step"]
        self._stream: Optional[Stream] = None
        self._finalizer: Optional[weakref.finalize] = None
        # Held by who waits for the server, or changes streams. The thread of
        # an `await` that was cancelled may do so for another slice.
        self._turn = threading.RLock()
        self._opened = False
        self._closed = False
        self._canonical: Dict[str, Any] = {}
        self._form: Optional[Form] = None
        self._pending = Memory()
        self._last: Optional[Batch] = None
        self._class_names: Optional[List[str]] = None
        self._message = ctypes.c_void_p()
        self._begin: Optional[float] = None
        self._images = 0
        self._warned = 0.0

    # --- Opening and closing --------------------------------------------------

    def open(self) -> "Loader":
        """Connects and waits for the server's answer to the plan, if that has
        not been done; returns the loader.

        Raises:
            NotFound, InvalidArgument, ...: The server refuses the plan.
            FailedPrecondition: The loaded state is of another plan.
            Unavailable: No server for `give_up_after` seconds.
        """
        self._check_usable()
        waited = time.monotonic()
        while not self._open(_SLICE_SECONDS):
            self._warn(waited)
        return self

    def _open(self, timeout: float) -> bool:
        """Waits for at most `timeout`; False: not open yet."""
        with self._turn:
            if self._opened:
                return True
            self._check_usable()
            if self._stream is None:
                self._stream = Stream(self._options, self._state)
                # Also when the loader is forgotten.
                self._finalizer = weakref.finalize(self, self._stream.close)
                self._finalizer.atexit = False
            with self._stream.use() as pointer:
                code = self._library.stream_open(pointer, timeout,
                                                 ctypes.byref(self._message))
                error = self._library.error(code, self._message)
                if code == _library.OK:
                    text = self._library.stream_plan(pointer)
                    self._canonical = json.loads(self._library.call_for_text(
                        "plan_parse", text, b"plan"))
                    self._form = Form.of(self._library, pointer,
                                         self._canonical)
                    agrees = (self._read_state(pointer, self._next_step)
                              == self._read_state(pointer, _AFTER_LAST))
            if code == _library.DEADLINE_EXCEEDED:
                return False
            if code != _library.OK:
                self._drop_stream()
                raise error
            if not agrees:
                self._drop_stream()
                raise ValueError(f"the loaded state says next_step "
                                 f"{self._next_step}, but was saved at another "
                                 "one; use seek() to go elsewhere")
            self._opened = True
            return True

    def _drop_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
            if self._finalizer is not None:
                self._finalizer.detach()
        self._opened = False
        self._pending = Memory()

    def close(self) -> None:
        """Ends the stream and frees what it holds; batches stay valid. What
        waits in another thread raises Cancelled. Idempotent."""
        self._closed = True
        if self._generation == _library.generation:
            self._drop_stream()

    def __enter__(self) -> "Loader":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_usable(self) -> None:
        _library.check_generation(self._generation, "Loader")
        if self._closed:
            raise Cancelled("the loader was closed; make another one")

    def _open_stream(self) -> Stream:
        self._check_usable()
        self.open()
        stream = self._stream
        if stream is None:
            raise _stream.closed_error()
        return stream

    # --- What the server answered ---------------------------------------------

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch, the same for every rank. Opens the stream, as
        all of these do."""
        with self._open_stream().use() as pointer:
            return self._library.stream_steps_per_epoch(pointer)

    @property
    def positions_per_epoch(self) -> int:
        """Selected samples: positions of one epoch."""
        with self._open_stream().use() as pointer:
            return self._library.stream_positions_per_epoch(pointer)

    @property
    def plan_digest(self) -> str:
        """Identifies the plan with its datasets' versions: 16 hex digits."""
        with self._open_stream().use() as pointer:
            return f"{self._library.stream_plan_digest(pointer):016x}"

    @property
    def batch_bytes(self) -> int:
        """Bytes of the fixed-size tensors of one batch of this rank."""
        with self._open_stream().use() as pointer:
            return self._library.stream_batch_bytes(pointer)

    @property
    def canonical_plan(self) -> Plan:
        """The plan with every default written out and its datasets pinned to
        versions: what to keep for years."""
        with self._open_stream().use() as pointer:
            text = self._library.stream_plan(pointer).decode()
        return Plan.from_text(text)

    @property
    def tensors(self) -> List[TensorSpec]:
        """What every batch holds, in order."""
        specs = []
        with self._open_stream().use() as pointer:
            for i in range(self._library.stream_tensor_count(pointer)):
                spec = _library.CTensor.from_address(
                    self._library.stream_tensor(pointer, i))
                specs.append(
                    TensorSpec(spec.name.decode(), DTYPE_NAMES[spec.dtype],
                               tuple(spec.shape[:spec.dimensions])))
        return specs

    def class_names(self) -> List[str]:
        """Names of the classes, by the index that labels use: titles where the
        dataset has them. Of a mixture, all datasets' as the server joins them.
        Asks the server once."""
        if self._class_names is None:
            self.open()
            parts = self._canonical.get("mixture", {}).get("parts", [])
            datasets = [self._canonical["dataset"]]
            datasets += [part["dataset"] for part in parts]
            titles: Dict[str, str] = {}
            for dataset in datasets:
                for category in _query.ask_any(
                        self._options["endpoints"].split(","),
                        dataset)["categories"]:
                    titles.setdefault(category["name"],
                                      category["title"] or category["name"])
            self._class_names = list(titles.values())
        return self._class_names

    # --- Batches --------------------------------------------------------------

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """The next step's batch.

        Raises:
            StopIteration: The end was reached.
            Unavailable: No server for `give_up_after` seconds.
            Error: The verdict of every server that can be reached.
        """
        try:
            while (batch := self._take(self._wait())) is None:
                pass
        except _End:
            raise StopIteration from None
        return batch

    def __aiter__(self) -> AsyncIterator[Batch]:
        return self

    async def __anext__(self) -> Batch:
        """The same, waiting in a thread. Cancelling it loses nothing: the next
        one, sync or async, gives the batch that was waited for."""
        loop = asyncio.get_running_loop()
        waited = time.monotonic()
        batch = None
        try:
            memory = self._advance(0.0) if self._opened else None
            while batch is None:
                while memory is None:
                    memory = await loop.run_in_executor(None, self._advance,
                                                        _SLICE_SECONDS)
                    self._warn(waited)
                batch, memory = self._take(memory), None
        except _End:
            raise StopAsyncIteration from None
        return batch

    def _wait(self) -> Memory:
        """What _advance() gives, once it does."""
        waited = 0.0
        while (memory := self._advance(_SLICE_SECONDS)) is None:
            waited = waited or time.monotonic()
            self._warn(waited)
        return memory

    def _advance(self, timeout: float) -> Optional[Memory]:
        """Waits for at most `timeout`. Returns what holds the next batch, which
        stays in _pending until it is taken; None: it has not come yet."""
        if self._begin is None:
            self._begin = time.monotonic()
        with self._turn:
            if not self._opened and not self._open(timeout):
                return None
            memory = self._pending
            stream = self._stream
            _library.check_generation(self._generation, "Loader")
            if stream is None:
                raise _stream.closed_error()
            if memory.slot.value:
                return memory
            with stream.use() as pointer:
                code = self._library.stream_next(pointer, timeout, memory.out,
                                                 ctypes.byref(self._message))
                if code == _library.OK:
                    return memory
                error = self._library.error(code, self._message)
            if code == _library.DEADLINE_EXCEEDED:
                return None
            if code == _library.OUT_OF_RANGE:
                raise _End
            if self._closed or _stream.is_exiting():
                raise _stream.closed_error()
            # A stream has one last word; who asks again gets another stream.
            self._continue_at(self._state_bytes(self._next_step),
                              self._next_step)
            raise error

    def _batch(self, memory: Memory) -> Batch:
        assert self._form is not None
        batch = Batch(memory, self._form)
        batch.class_names = self._class_names
        return batch

    def _take(self, memory: Memory) -> Optional[Batch]:
        """Hands out what _advance() gave. None: by now another thread has taken
        it, or closed the loader. Whatever interrupts it before its last lines
        has not taken anything."""
        with self._turn:
            batch = self._batch(memory)
            images = np.count_nonzero(batch["valid"])
            fresh = Memory()
            if memory is not self._pending:
                return None
            self._last, self._images = batch, self._images + images
            self._pending, self._next_step = fresh, batch.step + 1
            return batch

    def _warn(self, since: float) -> None:
        """Says every now and then what a loader waits for."""
        now = time.monotonic()
        if now - max(since, self._warned) < _WARN_EVERY_SECONDS:
            return
        self._warned = now
        stats = self.stats()
        why = (f"; {stats['failures']} connections failed, the last one: "
               f"{stats['last_failure']}" if stats.get("failures") else "")
        _log.warning("no batch from %s for %.0f s; still trying%s",
                     self._options["endpoints"], now - since, why)

    # --- Checkpoints ----------------------------------------------------------

    def state_dict(self) -> Dict[str, Any]:
        """Where to go on after the last batch that was handed out: a small dict
        of str and int, the same for all ranks that have had the same steps.
        Opens the stream if need be."""
        return self._state_at(self._next_step)

    def _state_at(self, step: int) -> Dict[str, Any]:
        self._check_usable()
        state = self._state
        if self._opened or not state:
            state = self._state_bytes(step)
        return {"millrace": 1, "next_step": step,
                "state": base64.b64encode(state).decode("ascii")}

    def _state_bytes(self, step: int) -> bytes:
        with self._open_stream().use() as pointer:
            return self._read_state(pointer, step)

    def _read_state(self, pointer: ctypes.c_void_p, step: int) -> bytes:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        self._library.call("stream_state", pointer, step, ctypes.byref(data),
                           ctypes.byref(size))
        state = ctypes.string_at(data.value or 0, size.value)
        self._library.free(data)
        return state

    def _continue_at(self, state: bytes, step: int) -> None:
        """The next use opens a stream at a state, which is that of `step`."""
        with self._turn:
            self._drop_stream()
            self._options = {**self._options, "start_step": 0}
            self._state, self._next_step = state, step

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """Goes on from what state_dict() gave, at any world size. What is
        streaming is closed.

        Raises:
            ValueError: This is no such dict, or was changed (which may show
                only at the next batch).
            FailedPrecondition: It was saved from another plan or another
                version of the dataset (where that shows only at the server,
                at the next batch). The message says what differs.
        """
        self._check_usable()
        try:
            form, text = state["millrace"], state["state"]
            next_step = int(state["next_step"])
            data = base64.b64decode(text, validate=True)
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError("this is not what Loader.state_dict() gave: "
                             f"{error!r}") from None
        if form != 1:
            raise FailedPrecondition(
                f"the state has form {form}; this package reads 1: it was "
                "saved by a newer one")
        options = {**self._options, "start_step": 0}
        self._library.options_release(_options.new_options(options, data))
        self._continue_at(data, next_step)
        self._last = None

    def seek(self, step: int) -> None:
        """Goes on at another step, counted over epochs, of the same versions of
        the datasets."""
        step = _options.whole_number("step", step)
        self.open()
        self.load_state_dict(self._state_at(step))

    # --- What happened --------------------------------------------------------

    @property
    def next_step(self) -> int:
        """The step after the last batch that was handed out."""
        return self._next_step

    @property
    def last(self) -> Optional[Batch]:
        """The last batch that was handed out."""
        return self._last

    def stats(self) -> Dict[str, Any]:
        """What came and what went wrong; see millrace_stream_stats() in
        client/millrace.h. Empty before the first use. From any thread."""
        _library.check_generation(self._generation, "Loader")
        stream = self._stream
        if stream is None:
            return {}
        try:
            with stream.use() as pointer:
                text = self._library.call_for_text("stream_stats", pointer)
        except Cancelled:  # Closed meanwhile.
            return {}
        return json.loads(text)

    def progress(self) -> str:
        """One line for a log: "epoch 2, step 41 of 468: 120,000 images,
        9,800 images/s, waited 3 %"."""
        if self._begin is None or self._last is None:
            return "no batch yet"
        seconds = max(time.monotonic() - self._begin, 1e-9)
        line = f"epoch {self._last.epoch}, step {self._last.step_in_epoch + 1}"
        if self._opened and self._generation == _library.generation:
            line += f" of {self.steps_per_epoch:,}"
        line += (f": {self._images:,} images, {self._images / seconds:,.0f} "
                 "images/s")
        stats = self.stats()
        if stats:
            line += f", waited {100 * stats['wait_seconds'] / seconds:.0f} %"
            if stats["reconnects"]:
                line += f", reconnected {stats['reconnects']} times"
        return line

    def show(self, batch: Optional[Batch] = None, limit: int = 64) -> Any:
        """A contact sheet of a batch, with boxes, masks, keypoints and names:
        of the last one, or else of the next one, which stays the next one.
        A PIL image; PNG bytes without PIL."""
        batch = batch or self._last
        if batch is None:
            try:
                batch = self._batch(self._wait())
            except _End:
                raise OutOfRange("the end is reached: there is no batch to show"
                                 ) from None
        if batch.class_names is None:
            batch.class_names = self.class_names()
        return batch.picture(limit)

    def __repr__(self) -> str:
        facts = [f"{self.plan.dataset!r} from {self._options['endpoints']}",
                 f"rank {self._options['rank']} of "
                 f"{self._options['world_size']}",
                 f"next step {self._next_step}"]
        if self._generation != _library.generation:
            facts.append("of the parent process")
        elif self._closed:
            facts.append("closed")
        elif self._opened:
            facts.append(f"{self.steps_per_epoch} steps an epoch")
        return f"Loader({', '.join(facts)})"

    def _repr_html_(self) -> str:
        from millrace import _picture
        rows = [("plan", str(self.plan)), ("state", repr(self))]
        if self._opened and not self._closed:
            rows += [(spec.name, f"{spec.dtype} {list(spec.shape)}")
                     for spec in self.tensors]
            rows.append(("progress", self.progress()))
        return _picture.html_table(rows)

    def __reduce__(self) -> Any:
        raise TypeError("a Loader is a connection, which cannot be pickled; "
                        "pickle its state_dict(), and make one in each process")
