"""Millrace: augmented batches of images from remote servers.

    from millrace import Loader, Plan

    plan = (Plan("imagenet/train").shuffle(seed=1).random_resized_crop(224)
            .random_horizontal_flip().batch(256))
    with Loader("localhost:8090", plan) as loader:
        for batch in loader:
            train(batch["image"], batch["label"])

For PyTorch, see millrace.torch.DataLoader.
"""

import pkgutil as _pkgutil

# Stubs that protoc generates from proto/ are millrace/v1/*_pb2.py; wherever
# they lie in the path, they can be imported beside this.
__path__ = _pkgutil.extend_path(__path__, __name__)

from millrace import where
from millrace._batch import Batch, Tensor
from millrace._errors import (Cancelled, DataLoss, DeadlineExceeded, Error,
                              FailedPrecondition, ForkedError, Internal,
                              InvalidArgument, NotFound, OutOfRange,
                              PermissionDenied, ResourceExhausted,
                              Unauthenticated, Unavailable)
from millrace._loader import Loader, TensorSpec
from millrace._plan import Plan
from millrace._query import dataset_info

__version__ = "0.1.0"

__all__ = [
    "Batch", "Cancelled", "DataLoss", "DeadlineExceeded", "Error",
    "FailedPrecondition", "ForkedError", "Internal", "InvalidArgument",
    "Loader", "NotFound", "OutOfRange", "PermissionDenied", "Plan",
    "ResourceExhausted", "Tensor", "TensorSpec", "Unauthenticated",
    "Unavailable", "dataset_info", "where",
]
