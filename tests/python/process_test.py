"""What happens to processes: signals, fork(), the end of the interpreter."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from world import (PATIENCE, ROOT, Script, Server, digits_plan, run,
                   served_world)

world = None
server = None

START = """
import os, signal, sys, threading, time
import millrace
from millrace import Loader, Plan
loader = Loader(sys.argv[1], Plan.from_text(sys.argv[2]), prefetch_steps=1,
                give_up_after=60)
def say(*words):  # Not by print(), which a handler may find in use.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
"""

# Says so, once, after the first slice of waiting without a result.
WHEN_IT_WAITS = """
def once(_):
    loader._warn = lambda _: None
    say("waits")
loader._warn = once
"""


def setUpModule():
    global world, server
    world, server = served_world()


def start(text, endpoint=None):
    return Script(START + text, endpoint or server.endpoint, digits_plan())


class CtrlCTest(unittest.TestCase):

    def expect_interrupted(self, script):
        """Soon after Ctrl-C; 200 ms where the machine is idle."""
        begin = time.monotonic()
        script.interrupt()
        script.expect("interrupted")
        self.assertLess(time.monotonic() - begin, 2)

    def test_it_ends_waiting_and_loses_nothing(self):
        own = Server(world.data)
        self.addCleanup(own.kill)
        script = start(WHEN_IT_WAITS + """
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
step = next(loader).step
say(step)
signal.sigwait({signal.SIGUSR1})
try:
    while True:
        batch = next(loader)
        assert batch.step == step + 1, (batch.step, step)
        step = batch.step
except KeyboardInterrupt:
    say("interrupted")
assert loader.next_step == step + 1
signal.sigwait({signal.SIGUSR1})
assert next(loader).step == step + 1
say("went on")
""", own.endpoint)
        script.expect("0")
        own.pause()
        script.process.send_signal(signal.SIGUSR1)
        script.expect("waits")
        self.expect_interrupted(script)
        own.go_on()
        script.process.send_signal(signal.SIGUSR1)
        script.expect("went on")
        self.assertEqual(script.end(), (0, "", ""))

    def test_it_ends_opening(self):
        script = start(WHEN_IT_WAITS + """
try:
    loader.open()
except KeyboardInterrupt:
    say("interrupted")
""", "localhost:1")
        script.expect("waits")
        self.expect_interrupted(script)
        self.assertEqual(script.end(), (0, "", ""))

    def test_it_may_come_at_any_moment(self):
        """Hundreds of interrupts at random moments: steps still count up, and
        what was handed out last is known."""
        script = start("""
import random
seed = 17
print("seed", seed, file=sys.stderr)
random.seed(seed)
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
steps, interrupts = [-1], 0
while steps[-1] < 3000:
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-4, 2e-3))
        for batch in loader:
            steps.append(batch.step)
            if batch.step >= 3000:
                break
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupts += 1
        # Handed out, and perhaps not yet stored.
        if loader.next_step == steps[-1] + 2:
            assert loader.last.step == steps[-1] + 1
            steps.append(loader.last.step)
        assert loader.next_step == steps[-1] + 1, (loader.next_step, steps[-9:])
assert steps == list(range(-1, 3001))
say(interrupts > 50, "interrupts")
""")
        script.expect("True interrupts")
        code, _, err = script.end()
        self.assertEqual((code, err), (0, "seed 17\n"))


class HandlerTest(unittest.TestCase):

    def test_a_handler_may_save_a_checkpoint_in_the_midst_of_waiting(self):
        """As jobs do that are told to make way for others."""
        own = Server(world.data)
        self.addCleanup(own.kill)
        script = start(WHEN_IT_WAITS + """
def save(*_):
    say("saved", loader.state_dict()["next_step"], loader.stats()["steps"] > 0)
signal.signal(signal.SIGUSR2, save)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
say(next(loader).step)
signal.sigwait({signal.SIGUSR1})
while True:
    if next(loader).step >= 40:
        break
say("went on")
""", own.endpoint)
        script.expect("0")
        own.pause()
        script.process.send_signal(signal.SIGUSR1)
        script.expect("waits")
        script.process.send_signal(signal.SIGUSR2)
        line = script.process.stdout.readline()
        self.assertRegex(line, "^saved [0-9]+ True$")
        own.go_on()
        script.expect("went on")
        self.assertEqual(script.end(), (0, "", ""))

    def test_a_handler_may_close_the_loader(self):
        script = start(WHEN_IT_WAITS + """
signal.signal(signal.SIGUSR2, lambda *_: loader.close())
try:
    loader.open()
except millrace.Cancelled:
    say("cancelled")
""", "localhost:1")
        script.expect("waits")
        script.process.send_signal(signal.SIGUSR2)
        script.expect("cancelled")
        self.assertEqual(script.end(), (0, "", ""))


class ForkTest(unittest.TestCase):

    def test_a_child_gets_an_error_at_once_and_the_parent_goes_on(self):
        script = start("""
batch = next(loader)
for touch in (lambda: next(loader), loader.state_dict, loader.stats,
              loader.open, lambda: loader.steps_per_epoch,
              lambda: Loader(sys.argv[1], loader.plan).open(),
              lambda: millrace.dataset_info(sys.argv[1], "mnist/train")):
    child = os.fork()
    if child == 0:
        try:
            touch()
        except millrace.ForkedError as error:
            os._exit(7 if "spawn" in str(error) else 1)
        os._exit(2)
    say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert next(loader).step > 0
# A child may read what it has got, forget it, and end as programs do.
if os.fork() == 0:
    assert batch["image"].shape[0] == 60
    repr(loader)
    loader.close()
    del batch, loader
    sys.exit(0)
say(os.waitstatus_to_exitcode(os.wait()[1]))
""")
        for _ in range(7):
            script.expect("7")
        script.expect("0")
        self.assertEqual(script.end(), (0, "", ""))

    def test_a_child_may_stream_if_its_parent_has_not(self):
        script = start("""
plan = loader.plan
if os.fork() == 0:
    say(next(Loader(sys.argv[1], plan, give_up_after=60)).step)
    sys.exit(0)
say(os.waitstatus_to_exitcode(os.wait()[1]))
""")
        script.expect("0")
        script.expect("0")
        self.assertEqual(script.end(), (0, "", ""))


class EndTest(unittest.TestCase):
    """The interpreter ends, with loaders as they are; nothing is printed, and
    nothing crashes."""

    def expect_quiet_end(self, text):
        for _ in range(5):
            script = start(text)
            self.assertEqual(script.end(), (0, "", ""), text)

    def test_with_a_live_loader(self):
        self.expect_quiet_end("next(loader)")

    def test_with_arrays_that_live_on(self):
        self.expect_quiet_end(
            "import sys; sys.kept = next(loader)['image'][3]; del loader")

    def test_with_a_loader_in_a_cycle(self):
        self.expect_quiet_end("""
class Cycle: pass
cycle = Cycle(); cycle.self = cycle; cycle.loader = loader
next(loader); del loader, cycle""")

    def test_with_a_thread_that_waits(self):
        self.expect_quiet_end("""
got = threading.Event()
def wait():
    for batch in loader:
        got.set()
threading.Thread(target=wait, daemon=True).start()
got.wait()""")

    def test_with_an_exception(self):
        script = start("next(loader); raise SystemExit(3)")
        self.assertEqual(script.end(), (3, "", ""))


class LibraryTest(unittest.TestCase):

    def test_without_the_library_the_message_says_how_to_build_it(self):
        done = subprocess.run(
            [sys.executable, "-c",
             "import millrace; p = millrace.Plan('x').batch(1); print(p);"
             "millrace.Loader('a:1', p)"],
            env={**os.environ, "MILLRACE_LIBRARY": "/no/such/library"},
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertIn('dataset: "x"', done.stdout)
        self.assertIn("ImportError", done.stderr)
        self.assertIn("cmake --build", done.stderr)
        self.assertIn("/no/such/library", done.stderr)

    def test_generated_stubs_live_beside_it(self):
        """In one process, in their own folder, over one libprotobuf."""
        with tempfile.TemporaryDirectory() as stubs:
            run("protoc", "-I", ROOT / "proto", f"--python_out={stubs}",
                *(ROOT / "proto/millrace/v1").glob("*.proto"))
            out = run(sys.executable, "-c", """
import sys, millrace
from google.protobuf import text_format
from millrace.v1 import plan_pb2
plan = millrace.Plan("x").resize(3).batch(2)
message = text_format.Parse(str(plan), plan_pb2.Plan())
print(millrace.Plan.from_text(str(message)) == plan)
""", env={**os.environ,
          "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{stubs}"}).stdout
        self.assertEqual(out, "True\n")

    def test_the_versions_agree(self):
        import millrace
        from millrace import _library
        self.assertEqual(_library.get().version().decode(),
                         millrace.__version__)
        self.assertEqual(_library.get().abi_version(), _library._ABI_VERSION)


if __name__ == "__main__":
    unittest.main()
