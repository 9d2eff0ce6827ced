"""What the tests play with: drawn datasets, our programs run on them."""

import hashlib
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from millrace import Plan

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MILLRACE_BIN_DIR",
                                  ROOT / "build/release/bin"))
DIGITS = "mnist/train"
SCENES = "coco/train2017"
PHOTOS = "imagenet/train"

# Long enough for a busy machine; nothing waits for it where all is well.
PATIENCE = 60


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True,
                          capture_output=True, text=True, **options)


class World:
    """Drawn digits, photos and scenes, ingested, in a temporary folder."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.data = self.folder / "data"
        run(BIN / "draw_demo_data", "--out", self.folder / "source")
        run(ROOT / "scripts/ingest_all.sh", self.folder / "source", self.data,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})

    def close(self):
        self._folder.cleanup()


class Server:
    """A millraced; with port 0, on a free one."""

    def __init__(self, data, port=0, reads_log=True):
        self.data = data
        self.process = subprocess.Popen(
            # Whatever ends the test, also a crash, ends the server.
            ["setpriv", "--pdeathsig", "KILL",
             str(BIN / "millraced"), "--data-dir", str(data), "--listen",
             f"127.0.0.1:{port}", "--metrics-listen", ""],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = ""
        while "millraced started" not in line:
            line = self.process.stderr.readline()
            assert line, "millraced did not start"
        self.port = int(re.search(r" port=(\d+)", line)[1])
        self.endpoint = f"127.0.0.1:{self.port}"
        if not reads_log:
            self.process.stderr.close()
            return
        # A full pipe would block it.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def restarted(self):
        """Killed, and another one at the same address."""
        self.kill()
        return Server(self.data, self.port)


def served_world():
    """A World and its Server, for a test's setUpModule(); put away after it."""
    world = World()
    unittest.addModuleCleanup(world.close)
    server = Server(world.data)
    unittest.addModuleCleanup(lambda: server.kill())
    return world, server


class Digest:
    """As `millrace pull --digest` has it; see client/batch_digest.h."""

    _DTYPES = {"uint8": 1, "int32": 2, "int64": 3, "float32": 4, "float64": 5,
               "float16": 6, "bfloat16": 7}

    def __init__(self):
        self._hash = hashlib.sha256()

    def _number(self, value):
        self._hash.update(struct.pack("<Q", value))

    def _bytes(self, value):
        self._number(len(value))
        self._hash.update(value)

    def add(self, batch):
        self._number(batch.step)
        self._number(len(batch))
        for name, array in batch.items():
            self._bytes(name.encode())
            self._number(self._DTYPES[batch.dtype(name)])
            self._number(array.ndim)
            for size in array.shape:
                self._number(size)
            self._bytes(array.tobytes())

    def hex(self):
        return self._hash.hexdigest()


def pull(endpoint, plan, steps, *more):
    """What `millrace pull --json --digest` says of a plan."""
    with tempfile.NamedTemporaryFile("w", suffix=".textproto") as file:
        file.write(str(plan))
        file.flush()
        return json.loads(run(BIN / "millrace", "pull", "--endpoint", endpoint,
                              "--plan", file.name, "--steps", steps, "--digest",
                              "--json", *more).stdout)


def digits_plan(size=60):
    return Plan(DIGITS).shuffle(seed=7).batch(size)


def scenes_plan(**batch):
    return (Plan(SCENES).shuffle(seed=3)
            .random_resized_crop(96, scale=(0.3, 1)).random_horizontal_flip()
            .batch(8, **{"boxes": True, **batch}))


class Script:
    """A Python program that runs beside the test, with this package."""

    def __init__(self, text, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-c", text, *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def expect(self, line):
        """Its next line."""
        got = self.process.stdout.readline().rstrip("\n")
        if got != line:
            self.process.kill()
            raise AssertionError(f"wanted {line!r}, got {got!r}: "
                                 f"{self.process.communicate()}")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self):
        """Its exit code, and what it wrote since."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err
