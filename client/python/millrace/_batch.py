"""Batches: numpy views of memory that the library received into."""

import ctypes
import weakref
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from millrace import _library

# By DType of plan.proto. numpy has no bfloat16: its bits are given as uint16.
_DTYPES: Dict[int, "np.dtype[Any]"] = {
    1: np.dtype("u1"),
    2: np.dtype("<i4"),
    3: np.dtype("<i8"),
    4: np.dtype("<f4"),
    5: np.dtype("<f8"),
    6: np.dtype("<f2"),
    7: np.dtype("<u2"),
}
DTYPE_NAMES = {1: "uint8", 2: "int32", 3: "int64", 4: "float32", 5: "float64",
               6: "float16", 7: "bfloat16"}
_BFLOAT16 = 7

_BYTE = ctypes.c_uint8
_CTensor = _library.CTensor


class _Release(weakref.ref):  # type: ignore[type-arg]
    """Calls millrace_batch_release() when a Memory goes.

    It is the library's function that is called, with what _as_parameter_ is: a
    destructor in Python would be a place where Ctrl-C gets lost.
    """

    __slots__ = ("_as_parameter_",)
    _as_parameter_: ctypes.c_void_p


# Of every Memory that is there, and of some that have gone: a reference in the
# same cycle of garbage as what it refers to is not called.
_releases: Dict[int, _Release] = {}
_releases_limit = 64


def _forget_what_is_released() -> None:
    global _releases_limit
    for key, release in list(_releases.items()):
        if release() is None:
            _releases.pop(key, None)
    _releases_limit = 64 + 2 * len(_releases)


class Memory:
    """Owns a millrace_batch: released when nothing refers to this."""

    __slots__ = ("slot", "out", "__weakref__")

    def __init__(self) -> None:
        self.slot = ctypes.c_void_p()
        self.out = ctypes.byref(self.slot)
        release = _Release(self, _library.get().batch_release)
        release._as_parameter_ = self.slot
        _releases[id(release)] = release
        if len(_releases) > _releases_limit:
            _forget_what_is_released()


class _DLDevice(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int32), ("id", ctypes.c_int32)]


class _DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16)]


class _DLTensor(ctypes.Structure):
    """The part of dlpack.h's DLTensor up to its dtype."""

    _fields_ = [("data", ctypes.c_void_p), ("device", _DLDevice),
                ("ndim", ctypes.c_int32), ("dtype", _DLDataType)]


_DL_CPU = 1
_DL_BFLOAT = 4

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


def _widened(bits: np.ndarray) -> np.ndarray:
    """bfloat16 as float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


class Tensor:
    """One tensor of a batch, for whatever takes DLPack, without copying:
    `torch.from_dlpack(tensor)`, `jax.dlpack.from_dlpack(tensor)`.

    What is made of it keeps the batch's memory alive.

    Attributes:
        name: As in docs/architecture.md.
        dtype: "uint8", "int32", "int64", "float32", "float64", "float16" or
            "bfloat16".
        array: The numpy view; of bfloat16, its bits as uint16.
    """

    __slots__ = ("name", "dtype", "array")

    def __init__(self, name: str, dtype: str, array: np.ndarray) -> None:
        self.name = name
        self.dtype = dtype
        self.array = array

    @property
    def shape(self) -> Tuple[int, ...]:
        return self.array.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        """Of bfloat16: its bits as uint16, unless another dtype is wanted."""
        array = self.array
        if dtype not in (None, array.dtype):
            if self.dtype == "bfloat16":
                array = _widened(array)
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack_device__(self) -> Tuple[int, int]:
        return (_DL_CPU, 0)

    def __dlpack__(self, *, stream: Any = None,
                   max_version: Optional[Tuple[int, int]] = None,
                   dl_device: Optional[Tuple[int, int]] = None,
                   copy: Optional[bool] = None) -> Any:
        """A capsule over this very memory; `stream` is ignored, since it is
        the CPU's.

        Raises:
            BufferError: A copy is wanted, or another device.
        """
        if copy or dl_device not in (None, self.__dlpack_device__()):
            raise BufferError(f"{self.name} is given by its memory on the CPU, "
                              "not copied: copy what you get")
        capsule = self.array.__dlpack__()
        if self.dtype == "bfloat16":
            tensor = _DLTensor.from_address(
                _capsule_pointer(capsule, b"dltensor"))
            tensor.dtype.code = _DL_BFLOAT
        return capsule

    def __repr__(self) -> str:
        return f"Tensor({self.name}: {self.dtype}{list(self.shape)})"


class Form(NamedTuple):
    """What the batches of one stream have in common."""

    library: _library.Library
    plan: Dict[str, Any]
    steps_per_epoch: int
    # DType by name.
    codes: Dict[str, int]
    # Name, dtype, shape; None: differs between batches.
    tensors: List[Tuple[str, np.dtype, Optional[Tuple[int, ...]]]]

    @classmethod
    def of(cls, library: _library.Library, stream: ctypes.c_void_p,
           plan: Dict[str, Any]) -> "Form":
        codes, tensors = {}, []
        for i in range(library.stream_tensor_count(stream)):
            spec = _CTensor.from_address(library.stream_tensor(stream, i))
            name = spec.name.decode()
            shape = tuple(spec.shape[:spec.dimensions])
            codes[name] = spec.dtype
            tensors.append((name, _DTYPES[spec.dtype],
                            None if -1 in shape else shape))
        return cls(library, plan, library.stream_steps_per_epoch(stream),
                   codes, tensors)


class Batch(Dict[str, np.ndarray]):
    """What one step gives: a dict of numpy arrays by name.

    The arrays are views of the memory that the batch was received into; each
    keeps it alive, so any of them may be kept as long as needed. Nobody else
    reads it: they may be written to. docs/architecture.md lists the tensors.

    Attributes:
        step: Counted over epochs, from 0.
        epoch: step // steps per epoch.
        step_in_epoch: step % steps per epoch.
        plan: The plan, canonical, as a dict by plan.proto's names.
    """

    step: int
    epoch: int
    step_in_epoch: int
    plan: Dict[str, Any]
    # Class names by index, if the Loader has asked for them.
    class_names: Optional[list]

    def __init__(self, memory: Memory, form: "Form") -> None:
        super().__init__()
        handle = memory.slot
        self.plan = form.plan
        self.class_names = None
        self._codes = form.codes
        self.step = form.library.batch_step(handle)
        self.epoch, self.step_in_epoch = divmod(self.step, form.steps_per_epoch)
        tensor_of = form.library.batch_tensor
        for i, (name, dtype, shape) in enumerate(form.tensors):
            tensor = _CTensor.from_address(tensor_of(handle, i))
            if shape is None:
                shape = tuple(tensor.shape[:tensor.dimensions])
            size = tensor.bytes
            if size:
                buffer = (_BYTE * size).from_address(tensor.data)
                buffer.memory = memory  # type: ignore[attr-defined]
                self[name] = np.ndarray(shape, dtype, buffer)
            else:
                self[name] = np.empty(shape, dtype)

    @property
    def dlpack(self) -> Dict[str, Tensor]:
        """The tensors for torch.from_dlpack(), JAX, CuPy."""
        return {name: Tensor(name, self.dtype(name), array)
                for name, array in self.items()}

    def dtype(self, name: str) -> str:
        """Such as "bfloat16", of which numpy has only the bits."""
        return DTYPE_NAMES[self._codes[name]]

    def floats(self, name: str) -> np.ndarray:
        """A float32 copy, also of bfloat16."""
        array = self[name]
        if self._codes[name] == _BFLOAT16:
            return _widened(array)
        return array.astype(np.float32)

    def picture(self, limit: int = 64) -> Any:
        """A contact sheet of the first `limit` samples, with boxes, masks,
        keypoints and labels: a PIL image, or PNG bytes without PIL."""
        from millrace import _picture
        return _picture.contact_sheet(self, limit)

    def _repr_png_(self) -> bytes:
        from millrace import _picture
        return _picture.png(self.picture())

    def __reduce__(self) -> Any:
        raise TypeError("a Batch is not for pickling; pickle copies of its "
                        "arrays: {name: a.copy() for name, a in batch.items()}")

    def __repr__(self) -> str:
        tensors = ", ".join(f"{name}: {self.dtype(name)}{list(array.shape)}"
                            for name, array in self.items())
        return (f"Batch(step {self.step}, epoch {self.epoch}, "
                f"step {self.step_in_epoch} in it; {tensors})")
