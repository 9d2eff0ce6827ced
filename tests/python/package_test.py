"""A wheel, built and installed into an empty environment, streams a batch."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

from world import ROOT, Server, World, digits_plan, run

OFFLINE = ["--no-index", "--no-deps", "--no-build-isolation",
           "--disable-pip-version-check"]


def source_copy(folder):
    """The package's source, so that building leaves no trace in the tree."""
    target = pathlib.Path(folder) / "python"
    shutil.copytree(ROOT / "client/python", target, ignore=shutil
                    .ignore_patterns("build", "*.egg-info", "__pycache__"))
    return target


def clean_environment(**changes):
    kept = {name: value for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "MILLRACE_LIBRARY")}
    return {**kept, **changes}


class WheelTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.source = source_copy(self.folder.name)

    def build(self, **environment):
        return subprocess.run(
            [sys.executable, "-m", "pip", "wheel", *OFFLINE, "-w",
             self.folder.name, self.source], capture_output=True, text=True,
            env=clean_environment(**environment), check=False)

    def test_it_is_built_installed_and_streams(self):
        done = self.build(MILLRACE_LIBRARY=os.environ["MILLRACE_LIBRARY"])
        self.assertEqual(done.returncode, 0, done.stderr)
        wheel, = pathlib.Path(self.folder.name).glob("*.whl")
        self.assertRegex(wheel.name,
                         r"^millrace-[\d.]+-py3-none-linux_\w+\.whl$")
        names = zipfile.ZipFile(wheel).namelist()
        for name in ("libmillrace.so.1", "py.typed", "torch.py", "_plan.pyi"):
            self.assertIn("millrace/" + name, names)

        home = pathlib.Path(self.folder.name) / "venv"
        # Debian's numpy shows through; millrace does not.
        run(sys.executable, "-m", "venv", "--system-site-packages", home)
        run(home / "bin/python", "-m", "pip", "install", *OFFLINE, wheel,
            env=clean_environment())
        world = World()
        self.addCleanup(world.close)
        server = Server(world.data)
        self.addCleanup(server.kill)
        out = run(home / "bin/python", "-c", """
import sys, millrace
print(millrace.__file__)
loader = millrace.Loader(sys.argv[1], sys.argv[2], give_up_after=60)
print(next(loader)["image"].shape)
""", server.endpoint, digits_plan(), env=clean_environment(), cwd="/").stdout
        where, shape = out.splitlines()
        self.assertTrue(where.startswith(str(home)), where)
        self.assertEqual(shape, "(60, 28, 28, 1)")

    def test_without_the_library_it_says_how_to_build_it(self):
        done = self.build()
        self.assertNotEqual(done.returncode, 0)
        text = re.sub(r"\s+", " ", done.stdout + done.stderr)
        self.assertIn("is no checkout of Millrace", text)
        self.assertIn("pip install --no-build-isolation", text)
        done = self.build(MILLRACE_LIBRARY="/no/such/library")
        self.assertIn("there is no such file", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
