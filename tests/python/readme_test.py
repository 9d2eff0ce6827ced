"""What README.md shows works, on drawn data."""

import os
import re
import subprocess
import tempfile
import unittest

try:
    import torch
except ImportError:
    torch = None

from millrace import Plan
from world import BIN, ROOT, run, served_world

README = (ROOT / "README.md").read_text(encoding="utf-8")

world = None
server = None


def setUpModule():
    global world, server
    world, server = served_world()


def block(language, holding):
    """The one code block of a language that holds a text."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", README, re.M | re.S)
    found, = [text for one, text in blocks if one == language
              and holding in text]
    return found


def with_changes(text, **changes):
    """The text, with what drawn data needs to be otherwise."""
    for before, after in changes.values():
        assert before in text, before
        text = text.replace(before, after)
    return text


PLAN = block("", "random_resized_crop")
TRAINER = block("python", "import DataLoader")
TOUR = block("sh", "millrace ingest")


class ReadmeTest(unittest.TestCase):

    def test_the_plan_is_the_one_that_the_trainer_builds(self):
        built, = re.findall(r"^plan = (.*)$", TRAINER, re.M)
        self.assertEqual(Plan.from_text(PLAN), eval(built, {"Plan": Plan}))

    @unittest.skipIf(torch is None, "needs torch (Debian's python3-torch)")
    def test_the_trainer_trains(self):
        shapes = []

        def train(images, targets):
            shapes.append((tuple(images.shape), tuple(targets.shape)))

        exec(with_changes(
            TRAINER, endpoint=("localhost:8090", server.endpoint),
            # There are 160 photographs.
            size=("batch(256)", "batch(64)")), {"train": train})
        self.assertEqual(shapes, [((64, 3, 224, 224), (64,))] * 2)

    def test_the_tour_can_be_taken(self):
        """From `millrace datasets` on; the demo ingests in the same way."""
        tour = TOUR[TOUR.index("millrace datasets"):]
        with tempfile.TemporaryDirectory() as folder:
            commands = with_changes(
                tour, dataset=("coco/val2017", "coco/train2017"),
                server=("millraced &", ":"),
                sample=("000000000139.jpg", self.first_sample()),
                endpoint=("localhost:8090", server.endpoint),
                plans=("examples/plans", str(ROOT / "examples/plans")),
                steps=("--steps 100", "--steps 3"))
            run("bash", "-ec", commands, cwd=folder,
                env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}",
                     "MILLRACE_DATA_DIR": str(world.data)})
            for picture in ("out.png", "batch.png"):
                with open(os.path.join(folder, picture), "rb") as file:
                    self.assertEqual(file.read(4), b"\x89PNG")

    @staticmethod
    def first_sample():
        images = world.folder / "source/coco"
        return sorted(images.rglob("*.jpg"))[0].name


if __name__ == "__main__":
    unittest.main()
