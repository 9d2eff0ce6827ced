"""Type checkers agree with the package and with programs that use it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from world import ROOT

PACKAGE = ROOT / "client/python"

# The stubs of PIL and torch may be there or not.
CONFIG = """\
[mypy]
[mypy-PIL.*]
ignore_missing_imports = True
[mypy-torch.*]
ignore_missing_imports = True
"""

PROGRAM = """\
from typing import Dict

import numpy as np

from millrace import Loader, Plan, where


def count(endpoint: str) -> Dict[str, int]:
    plan = (Plan("mnist/train").select(where=where.classes("3"))
            .shuffle(seed=7).random_affine(10, translate=[0.1, 0.1])
            .to_dtype("float32", scale=True).normalize([0.13], [0.31])
            .batch(64, layout="nchw"))
    images = 0
    with Loader(endpoint, plan, end_epoch=1) as loader:
        for batch in loader:
            images += int(np.count_nonzero(batch["valid"]))
    return {"images": images, "steps": loader.steps_per_epoch}
"""


def mypy(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", *arguments],
        cwd=PACKAGE, capture_output=True, text=True, check=False)


class TypesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        if mypy("--version").returncode != 0:
            raise unittest.SkipTest("needs mypy (Debian's mypy)")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        config = cls.folder / "mypy.ini"
        config.write_text(CONFIG, encoding="utf-8")
        cls.flags = ("--cache-dir", folder.name + "/cache", "--config-file",
                     str(config))

    def check(self, text):
        program = self.folder / "program.py"
        program.write_text(text, encoding="utf-8")
        return mypy(*self.flags, "--strict", "--follow-imports=silent",
                    program).stdout

    def test_the_package_is_well_typed(self):
        done = mypy(*self.flags, "-p", "millrace")
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_a_strictly_typed_program_may_use_it(self):
        self.assertEqual(self.check(PROGRAM), "")

    def test_a_mistake_in_a_plan_is_found(self):
        self.assertIn(
            'incompatible type "str"; expected "int"',
            self.check(PROGRAM.replace("batch(64,", 'batch("64",')))


if __name__ == "__main__":
    unittest.main()
