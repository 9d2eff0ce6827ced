"""Millrace for PyTorch.

    from millrace.torch import DataLoader

    loader = DataLoader("host:8090", plan)
    for images, targets in loader: ...
"""

import logging
import operator
import os
from typing import (Any, Dict, Iterator, List, Optional, Sequence, Tuple,
                    Union)

import numpy as np
import torch

from millrace import _picture
from millrace._batch import Batch
from millrace._errors import Cancelled
from millrace._loader import Loader
from millrace._plan import Plan

_log = logging.getLogger("millrace")

# What torch's losses pass over.
_IGNORED = -100


def _rank_and_world_size() -> Tuple[int, int]:
    """torch.distributed's, or torchrun's environment, or 0 of 1."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return (torch.distributed.get_rank(),
                torch.distributed.get_world_size())
    return (_from_environment("RANK", 0), _from_environment("WORLD_SIZE", 1))


def _from_environment(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name}={text!r} in the environment is no number; "
                         "unset it, or give rank and world_size") from None


class _Epoch:
    """An iteration of a DataLoader. Not a generator, which an exception ends:
    Ctrl-C at a late batch must not lose the rest of the epoch."""

    def __init__(self, loader: "DataLoader", number: int, end: int) -> None:
        self._loader = loader
        self.number = number
        self.end = end

    def __iter__(self) -> "_Epoch":
        return self

    def __next__(self) -> Tuple[Any, Any]:
        return self._loader._next(self)


class DataLoader:
    """Iterating it gives one epoch of (images, targets), the next iteration
    the next epoch.

        plan = Plan("imagenet/train").shuffle(seed=1).random_resized_crop(224)
        loader = DataLoader("localhost:8090", plan.batch(256))
        for epoch in range(loader.epoch, 90):
            for images, targets in loader:
                loss = criterion(model(images.float() / 255), targets)

    Images are [B,C,H,W], in the dtype that the plan asks for (uint8 unless it
    has to_dtype). They are the memory that the batch was received into, not
    copied; of a plan with layout NHWC they have strides of channels_last, which
    convolutions like best.

    Targets of a plan without boxes are int64 [B]: class indices, -100, which
    torch's losses pass over, where there is no label or no sample; or float32
    [B,K] after one_hot.

    A plan with boxes gives what torchvision's detection models take: a list of
    images [C,H,W] and a list of dicts, one for each sample that is there:

        boxes      float32 [N,4]: x0, y0, x1, y1 in pixels
        labels     int64 [N]: class index + label_offset
        image_id   int64 [1]: the image's id in the source
        area       float32 [N]; iscrowd, int64 [N]
        masks      uint8 [N,H,W], if the plan has masks
        keypoints  float32 [N,K,3], if the plan has keypoints

    Checkpoints follow torchdata's StatefulDataLoader: `state_dict()` within an
    epoch, then `load_state_dict()` in a new process, and the next iteration
    gives what is left of that epoch, at any world size. An iteration that
    raised (no server, Ctrl-C while it waited) goes on, itself or a new one.
    Leaving an iteration early, by break or by an exception of your own, and
    starting another one begins the next epoch, as PyTorch's does; a warning
    says how much was left out. `load_state_dict(state_dict())` before it goes
    on within the epoch instead.

    Args:
        endpoints: As in millrace.Loader.
        plan: A Plan, or its text.
        rank, world_size: None: torch.distributed's if it is initialised, else
            RANK and WORLD_SIZE of the environment, else 0 of 1.
        pin_memory: Copies batches into pinned memory, for copies to a GPU with
            non_blocking=True. None: if there is CUDA.
        label_offset: Added to labels of boxes. torchvision's models keep 0 for
            the background.
        drop_invalid: Leaves out samples that are none, padding of the last
            batch and what could not be read, so that such a batch is smaller:
            for evaluation. (Lists of detection never have them.)
        options: As in millrace.Loader: end_epoch, prefetch_steps, ...
    """

    def __init__(self, endpoints: Union[str, Sequence[str]],
                 plan: Union[Plan, str], *, rank: Optional[int] = None,
                 world_size: Optional[int] = None,
                 pin_memory: Optional[bool] = None, label_offset: int = 1,
                 drop_invalid: bool = False, **options: Any) -> None:
        if rank is None or world_size is None:
            own_rank, own_world_size = _rank_and_world_size()
            rank = own_rank if rank is None else rank
            world_size = own_world_size if world_size is None else world_size
        self.loader = Loader(endpoints, plan, rank=rank, world_size=world_size,
                             **options)
        batch = self.loader.plan.to_dict()["batch"]
        if batch.get("mask_format", "DENSE") != "DENSE":
            raise ValueError("DataLoader gives masks as pixels; leave out "
                             "mask_format, or use millrace.Loader")
        self._channels_first = batch.get("layout") == "NCHW"
        self._detection = bool(batch.get("boxes"))
        self._pin = (torch.cuda.is_available() if pin_memory is None
                     else pin_memory)
        self._label_offset = operator.index(label_offset)
        self._drop_invalid = drop_invalid
        # Whether the next iteration goes on within an epoch.
        self._resumes = self.loader.next_step > 0
        self._iteration = 0

    def __len__(self) -> int:
        """Steps of an epoch."""
        return self.loader.steps_per_epoch

    @property
    def epoch(self) -> int:
        """The epoch of the next step."""
        return self.loader.next_step // len(self)

    @property
    def batch(self) -> Optional[Batch]:
        """All that the last step gave, such as "ordinal"."""
        return self.loader.last

    def set_epoch(self, epoch: int) -> None:
        """The next iteration is this epoch, from its start. Not needed in
        between: epochs follow each other, each with an order of its own."""
        if self.loader.next_step != epoch * len(self):
            self.loader.seek(epoch * len(self))
        self._resumes = True

    def __iter__(self) -> Iterator[Tuple[Any, Any]]:
        steps = len(self)
        done = self.loader.next_step % steps
        if done and not self._resumes:
            _log.warning(
                "epoch %d was left after %d of its %d steps; this iteration "
                "begins the next one", self.epoch, done, steps)
            self.set_epoch(self.epoch + 1)
        self._resumes = False
        self._iteration += 1
        return _Epoch(self, self._iteration, (self.epoch + 1) * steps)

    def _next(self, iteration: "_Epoch") -> Tuple[Any, Any]:
        if iteration.number != self._iteration:
            raise Cancelled("another iteration of this DataLoader began")
        if self.loader.next_step >= iteration.end:
            raise StopIteration
        self._resumes = True  # If this raises.
        batch = next(self.loader)
        self._resumes = False
        return self._convert(batch)

    # --- Checkpoints ---------------------------------------------------------

    def state_dict(self) -> Dict[str, Any]:
        """As Loader.state_dict(): after the last batch that was handed out."""
        return self.loader.state_dict()

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """As Loader.load_state_dict()."""
        self.loader.load_state_dict(state)
        self._resumes = True
        self._iteration += 1

    def close(self) -> None:
        self.loader.close()

    def __enter__(self) -> "DataLoader":
        self.loader.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "DataLoader" + repr(self.loader)[len("Loader"):]

    def _repr_html_(self) -> str:
        return self.loader._repr_html_()

    # --- Tensors -------------------------------------------------------------

    def _tensor(self, batch: Batch, name: str) -> torch.Tensor:
        array = batch[name]
        if batch.dtype(name) == "bfloat16":
            return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(array)

    def _pinned(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.pin_memory() if self._pin else tensor

    def _convert(self, batch: Batch) -> Tuple[Any, Any]:
        images = self._tensor(batch, "image")
        if not self._channels_first:
            images = images.permute(0, 3, 1, 2)
        if self._detection:
            return self._lists(batch, images)
        labels = self._tensor(batch, "label")
        if labels.dtype == torch.int64:
            labels = torch.where(labels < 0, _IGNORED, labels)
        if self._drop_invalid:
            valid = torch.from_numpy(batch["valid"]).bool()
            if not valid.all():
                images, labels = images[valid], labels[valid]
        return self._pinned(images), self._pinned(labels)

    def _lists(self, batch: Batch, images: torch.Tensor
               ) -> Tuple[List[torch.Tensor], List[Dict[str, torch.Tensor]]]:
        tensors = {name: self._tensor(batch, name) for name in batch
                   if name.startswith("box") or name in
                   ("masks", "keypoints", "source_id")}
        samples = np.flatnonzero(batch["valid"]).tolist()
        images = self._pinned(images)
        return ([images[i] for i in samples],
                [self._target(batch, tensors, i) for i in samples])

    def _target(self, batch: Batch, tensors: Dict[str, torch.Tensor],
                sample: int) -> Dict[str, torch.Tensor]:
        rows, _ = _picture.rows_of(batch, sample)
        boxes = tensors["boxes"][rows]
        if batch.plan["batch"].get("box_format", "XYXY") != "XYXY":
            boxes = torch.from_numpy(_picture.corners(batch, boxes.numpy()))
        target = {
            "boxes": boxes,
            "labels": tensors["box_labels"][rows] + self._label_offset,
            "image_id": tensors["source_id"][sample:sample + 1],
            "area": tensors["box_area"][rows],
            "iscrowd": tensors["box_crowd"][rows].long(),
        }
        for name in ("masks", "keypoints"):
            if name in tensors:
                target[name] = tensors[name][rows]
        return {name: self._pinned(tensor) for name, tensor in target.items()}
