"""Images per second of the Python package, for comparison.

  python_loader.py ENDPOINT PLAN_FILE [--steps 1000] [--torch]

Loops over millrace.Loader, as `millrace pull` does in C++; with --torch over
millrace.torch.DataLoader, for tensors such as a PyTorch user has them. The
clock starts after the first batch, as in torchvision_loader.py. Prints one JSON
object.
"""
import argparse
import itertools
import json
import time

from millrace import Loader, Plan


def batches_of_numpy(args, plan):
    with Loader(args.endpoint, plan) as loader:
        for batch in loader:
            yield batch["image"]


def batches_of_torch(args, plan):
    from millrace.torch import DataLoader
    with DataLoader(args.endpoint, plan) as loader:
        while True:  # An epoch at a time.
            for images, _ in loader:
                yield images.numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("endpoint")
    parser.add_argument("plan")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--torch", action="store_true")
    args = parser.parse_args()
    batches = batches_of_torch if args.torch else batches_of_numpy

    images, tensor_bytes = 0, 0
    stream = batches(args, Plan.from_file(args.plan))
    next(stream)  # As of its peers, the first batch pays for the start-up.
    start = time.monotonic()
    for batch in itertools.islice(stream, args.steps):
        images += len(batch)
        tensor_bytes += batch.nbytes
    seconds = time.monotonic() - start
    print(json.dumps({"images": images, "seconds": seconds,
                      "images_per_second": images / seconds,
                      "bytes_per_second": tensor_bytes / seconds}))


if __name__ == "__main__":
    main()
