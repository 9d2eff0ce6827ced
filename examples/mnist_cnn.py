#!/usr/bin/env python3
"""Trains the textbook CNN on handwritten digits streamed by Millrace.

    examples/mnist_cnn.py --data DIR          MNIST's four files in DIR
    examples/mnist_cnn.py                     digits drawn for the occasion
    examples/mnist_cnn.py --endpoint H:8090   a server that has mnist/train
                                              and mnist/test

Without --endpoint it ingests the files into a temporary folder and starts a
server of its own. Each epoch shows every digit once, rotated and moved at
random by the server. Prints the loss, the accuracy on the test set, and at the
end the SHA-256 of the weights: the same for every run, whatever is killed on
the way.

--checkpoint FILE: stop it at any moment, start it again, and it goes on with
the very next batch. --chaos: kills (SIGKILL) and restarts its own server again
and again at random moments.
"""

import argparse
import hashlib
import logging
import math
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "client/python"))  # Where it is not installed.

import torch
from torch import nn
from torch.nn import functional

from millrace import Plan
from millrace.torch import DataLoader

BATCH = 100
MEAN, STD = [0.1307], [0.3081]
LEARNING_RATES = {"adam": 2e-3, "rmsprop": 1e-3, "sgd": 0.05}
CHECKPOINT_STEPS = 100


class Cnn(nn.Module):
    """Two convolutions with pooling, two fully connected layers."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 5, padding=2)
        self.full1 = nn.Linear(16 * 7 * 7, 128)
        self.full2 = nn.Linear(128, 10)
        self.dropout = nn.Dropout(0.25)

    def forward(self, images):
        x = functional.relu(functional.max_pool2d(self.conv1(images), 2))
        x = functional.relu(functional.max_pool2d(self.conv2(x), 2))
        x = functional.relu(self.full1(x.flatten(1)))
        return self.full2(self.dropout(x))

    def digest(self):
        """The SHA-256 of all weights."""
        sha = hashlib.sha256()
        for name, weights in sorted(self.state_dict().items()):
            sha.update(name.encode())
            sha.update(weights.contiguous().numpy().tobytes())
        return sha.hexdigest()


# --- The data ---------------------------------------------------------


def train_plan():
    return (Plan("mnist/train").shuffle(seed=1)
            .random_affine(degrees=10, translate=(0.08, 0.08),
                           interpolation="bilinear")
            .to_dtype("float32", scale=True).normalize(MEAN, STD)
            .batch(BATCH))


def test_plan():
    return (Plan("mnist/test").to_dtype("float32", scale=True)
            .normalize(MEAN, STD).batch(500, remainder="pad"))


def program(name):
    """One of Millrace's own, from a build or an installation."""
    built = ROOT / "build/release/bin" / name
    found = str(built) if built.exists() else shutil.which(name)
    if not found:
        sys.exit(f"mnist_cnn: there is no program {name}; run "
                 "scripts/setup.sh, or give --endpoint")
    return found


def ingest(source, data_dir):
    """Publishes mnist/train and mnist/test."""
    for split, prefix in (("train", "train"), ("test", "t10k")):
        files = []
        for kind, ending in (("images", "idx3"), ("labels", "idx1")):
            names = [f"{prefix}-{kind}-{ending}-ubyte{zipped}"
                     for zipped in (".gz", "")]
            there = [source / name for name in names
                     if (source / name).exists()]
            if not there:
                sys.exit(f"mnist_cnn: {source} has no {' or '.join(names)}")
            files += [f"--{kind}", str(there[0])]
        print(f"ingesting mnist/{split} from {source}")
        subprocess.run([program("millrace"), "ingest", "mnist", "--dataset",
                        f"mnist/{split}", "--data-dir", str(data_dir), *files],
                       check=True, stdout=subprocess.DEVNULL)


class OwnServer:
    """A millraced of our own, and who kills it."""

    def __init__(self, source):
        self._folder = tempfile.TemporaryDirectory()
        self._data_dir = pathlib.Path(self._folder.name) / "data"
        self._data_dir.mkdir()
        if source is None:
            drawn = pathlib.Path(self._folder.name) / "drawn"
            subprocess.run([program("draw_demo_data"), "--out", drawn],
                           check=True, stdout=subprocess.DEVNULL)
            source = drawn / "mnist"
        ingest(source, self._data_dir)
        self._process = None
        self._port = 0
        self.kills = 0
        self._stop = threading.Event()
        self._killer = None
        self._start()
        self.endpoint = f"127.0.0.1:{self._port}"

    def _start(self):
        self._process = subprocess.Popen(
            [program("millraced"), "--data-dir", str(self._data_dir),
             "--listen", f"127.0.0.1:{self._port}", "--metrics-listen", ""],
            stderr=subprocess.PIPE, text=True)
        for line in self._process.stderr:
            port = re.search(r'"millraced started".* port=(\d+)', line)
            if port:
                self._port = int(port[1])
                break
        else:
            sys.exit("mnist_cnn: millraced did not start")
        # Nobody reads the rest of its log; a full pipe would block it.
        threading.Thread(target=self._process.stderr.read, daemon=True).start()

    def _kill(self):
        self._process.kill()
        self._process.wait()

    def begin_chaos(self):
        seed = random.SystemRandom().randrange(10**6)
        print(f"chaos: seed {seed}")
        moments = random.Random(seed)

        def kill():
            try:
                while not self._stop.wait(moments.uniform(0.1, 1)):
                    self._kill()
                    self.kills += 1
                    self._start()
            except SystemExit as error:  # There is no server any more.
                print(error, file=sys.stderr)
                os.kill(os.getpid(), signal.SIGTERM)

        self._killer = threading.Thread(target=kill)
        self._killer.start()

    def close(self):
        self._stop.set()
        if self._killer is not None:
            self._killer.join()
        self._kill()
        self._folder.cleanup()


# --- The training ---------------------------------------------------------


def make_optimizer(name, model):
    rate = LEARNING_RATES[name]
    if name == "adam":
        return torch.optim.Adam(model.parameters(), rate)
    if name == "rmsprop":
        return torch.optim.RMSprop(model.parameters(), rate)
    return torch.optim.SGD(model.parameters(), rate, momentum=0.9)


class Trainer:
    """What a checkpoint holds, and the step that changes it."""

    def __init__(self, endpoint, arguments):
        self._endpoint = endpoint
        self._arguments = arguments
        self._base_rate = LEARNING_RATES[arguments.optimizer]
        self.model = Cnn()
        self.optimizer = make_optimizer(arguments.optimizer, self.model)
        self.loader = DataLoader(endpoint, train_plan(),
                                 end_epoch=arguments.epochs, min_backoff=0.05,
                                 max_backoff=0.5)

    def run(self):
        self._load()
        total = self._arguments.epochs * len(self.loader)
        for epoch in range(self.loader.epoch, self._arguments.epochs):
            self.model.train()
            for images, targets in self.loader:
                step = self.loader.batch.step
                loss = self._step(images, targets, step / total)
                if (step + 1) % CHECKPOINT_STEPS == 0:
                    print(f"epoch {epoch}, step {step + 1} of {total}: loss "
                          f"{loss:.4f}", flush=True)
                    self._save()
            print(f"epoch {epoch}: test accuracy {100 * self.test():.2f} %",
                  flush=True)
        self._save()

    def _step(self, images, targets, progress):
        # A function of the step, as all is: nothing to put into a checkpoint.
        rate = self._base_rate * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = functional.cross_entropy(self.model(images), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def test(self):
        """The share of the test set that is named rightly."""
        self.model.eval()
        right = samples = 0
        with DataLoader(self._endpoint, test_plan(), end_epoch=1,
                        drop_invalid=True) as loader:
            for images, targets in loader:
                right += (self.model(images).argmax(1) == targets).sum().item()
                samples += len(targets)
        return right / samples

    def _save(self):
        file = self._arguments.checkpoint
        if file is None:
            return
        torch.save({"model": self.model.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "dropout": torch.get_rng_state(),
                    "data": self.loader.state_dict()}, f"{file}.new")
        os.replace(f"{file}.new", file)  # Whole or not at all.

    def _load(self):
        file = self._arguments.checkpoint
        if file is None or not file.exists():
            return
        saved = torch.load(file)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["dropout"])
        self.loader.load_state_dict(saved["data"])
        print(f"going on from {file} at step {self.loader.loader.next_step}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", metavar="HOST:PORT")
    parser.add_argument("--data", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--optimizer", choices=sorted(LEARNING_RATES),
                        default="adam")
    parser.add_argument("--checkpoint", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--chaos", action="store_true")
    arguments = parser.parse_args()
    if arguments.endpoint and (arguments.chaos or arguments.data):
        parser.error("--chaos and --data are for a server of its own; leave "
                     "out --endpoint")
    return arguments


def main():
    arguments = parse_arguments()
    # As Ctrl-C: what was made is put away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.basicConfig(level=logging.WARNING)
    torch.manual_seed(1)
    torch.use_deterministic_algorithms(True)
    # The order of sums, and so the last bits, depend on it; the other core is
    # the server's.
    torch.set_num_threads(1)
    begin = time.monotonic()
    server = None if arguments.endpoint else OwnServer(arguments.data)
    try:
        trainer = Trainer(server.endpoint if server else arguments.endpoint,
                          arguments)
        if arguments.chaos:
            server.begin_chaos()
        trainer.run()
        if arguments.chaos:
            print(f"chaos: the server was killed {server.kills} times")
        print(f"test accuracy {100 * trainer.test():.2f} % after "
              f"{time.monotonic() - begin:.0f} s")
        print(f"weights {trainer.model.digest()}")
    finally:
        if server:
            server.close()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
