"""examples/mnist_cnn.py on drawn digits: it ends with the same weights whatever
is killed on the way, and it learns."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from world import PATIENCE, ROOT, Server, World, run

try:
    import torch
except ImportError:
    torch = None

EXAMPLE = ROOT / "examples/mnist_cnn.py"
EPOCHS = "2"  # Of 60 steps.

world = None


def setUpModule():
    if torch is None:
        raise unittest.SkipTest("needs torch (Debian's python3-torch)")
    global world
    world = World()


def tearDownModule():
    if world is not None:
        world.close()


def result(out):
    """Accuracy in percent, and the weights' digest."""
    return (float(re.search(r"test accuracy ([\d.]+) % after", out)[1]),
            re.search(r"weights ([0-9a-f]{64})", out)[1])


class MnistCnnTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.server = Server(world.data)
        cls.accuracy, cls.weights = result(
            run(sys.executable, EXAMPLE, "--endpoint", cls.server.endpoint,
                "--epochs", EPOCHS).stdout)

    @classmethod
    def tearDownClass(cls):
        cls.server.kill()

    def test_it_learns(self):
        self.assertGreater(self.accuracy, 90)

    def test_with_its_server_killed_it_ends_with_the_same_weights(self):
        out = run(sys.executable, EXAMPLE, "--data",
                  world.folder / "source/mnist", "--chaos", "--epochs",
                  EPOCHS).stdout
        print(re.search(r"chaos: seed \d+", out)[0], file=sys.stderr)
        self.assertGreater(
            int(re.search(r"killed (\d+) times", out)[1]), 0, out)
        self.assertEqual(result(out)[1], self.weights)

    def test_killed_and_started_again_it_ends_with_the_same_weights(self):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, EXAMPLE, "--endpoint",
                       self.server.endpoint, "--epochs", EPOCHS,
                       "--checkpoint", folder + "/checkpoint"]
            first = subprocess.Popen([str(part) for part in command],
                                     stdout=subprocess.PIPE, text=True)
            for line in first.stdout:
                if "step 100" in line:
                    break
            else:
                self.fail("it ended before step 100")
            # In the middle of the second epoch, after it was saved.
            saved = pathlib.Path(folder) / "checkpoint"
            while not saved.exists():
                self.assertIsNone(first.poll())
            first.kill()
            first.communicate(timeout=PATIENCE)
            out = run(*command).stdout
        self.assertIn("going on from", out)
        self.assertIn("at step 100", out)
        self.assertEqual(result(out)[1], self.weights)


if __name__ == "__main__":
    unittest.main()
