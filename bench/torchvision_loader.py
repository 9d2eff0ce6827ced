"""Images per second of torchvision's own loader, for comparison.

  torchvision_loader.py imagenet DIR [--workers 2] [--seconds 8]
  torchvision_loader.py mnist DIR    [--workers 2] [--seconds 8] [--batch 256]

imagenet: ImageFolder over DIR, RandomResizedCrop(224), RandomHorizontalFlip,
uint8 tensors (PILToTensor: what Millrace sends), batches of 64.
mnist: the IDX files in DIR, ToTensor and Normalize, batches of --batch.
Prints one JSON object.
"""
import argparse
import gzip
import json
import time

import numpy as np
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader, Dataset
from torchvision import datasets, transforms


class Mnist(Dataset):
    """Indexed as torchvision.datasets.MNIST does, without its download."""

    def __init__(self, root, transform):
        with gzip.open(f"{root}/train-images-idx3-ubyte.gz") as file:
            images = np.frombuffer(file.read(), np.uint8, offset=16)
        with gzip.open(f"{root}/train-labels-idx1-ubyte.gz") as file:
            labels = np.frombuffer(file.read(), np.uint8, offset=8)
        self.data = torch.from_numpy(images.reshape(-1, 28, 28).copy())
        self.targets = torch.from_numpy(labels.astype(np.int64))
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        image = Image.fromarray(self.data[index].numpy(), mode="L")
        return self.transform(image), int(self.targets[index])


def make_loader(args):
    if args.dataset == "mnist":
        dataset = Mnist(args.dir, transforms.Compose([
            transforms.ToTensor(),
            transforms.Normalize((0.1307,), (0.3081,))]))
        return DataLoader(dataset, batch_size=args.batch, shuffle=True,
                          num_workers=args.workers, persistent_workers=True)
    folder = datasets.ImageFolder(args.dir, transforms.Compose([
        transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(),
        transforms.PILToTensor()]))
    # Long epochs: starting the workers is not what is measured.
    repeats = max(1, 20000 // len(folder))
    return DataLoader(ConcatDataset([folder] * repeats), batch_size=64,
                      shuffle=True, num_workers=args.workers)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=["imagenet", "mnist"])
    parser.add_argument("dir")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--batch", type=int, default=256)
    args = parser.parse_args()
    torch.set_num_threads(1)

    loader = make_loader(args)
    images, start = 0, None
    deadline = None
    while deadline is None or time.monotonic() < deadline:
        for batch, _ in loader:
            if start is None:  # The first batch pays for the start-up.
                start = time.monotonic()
                deadline = start + args.seconds
                continue
            images += len(batch)
            if time.monotonic() >= deadline:
                break
    seconds = time.monotonic() - start
    print(json.dumps({"images": images, "seconds": seconds,
                      "images_per_second": images / seconds}))


if __name__ == "__main__":
    main()
