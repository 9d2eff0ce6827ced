"""millrace.Loader while servers stop, die and come back, and while threads
share and close it."""

import asyncio
import threading
import unittest
from unittest import mock

import millrace
from millrace import Loader
from world import PATIENCE, Digest, Server, digits_plan, pull, served_world

world = None
server = None


def setUpModule():
    global world, server
    world, server = served_world()


class WaitingTest(unittest.TestCase):
    """With a server of its own, that is stopped and killed."""

    def setUp(self):
        self.server = Server(world.data)
        self.addCleanup(lambda: self.server.kill())

    def loader(self, **options):
        return Loader(self.server.endpoint, digits_plan(), prefetch_steps=1,
                      give_up_after=PATIENCE, min_backoff=0.01, **options)

    def test_servers_may_be_killed_and_come_back(self):
        wanted = pull(server.endpoint, digits_plan(), 40)["digest"]
        digest = Digest()
        loader = self.loader(end_step=40)
        for batch in loader:
            digest.add(batch)
            if batch.step % 10 == 5:
                self.server = self.server.restarted()
        self.assertEqual(digest.hex(), wanted)
        self.assertGreaterEqual(loader.stats()["failures"], 1)
        self.assertIn("reconnected", loader.progress())

    def test_a_server_outlives_who_reads_its_log(self):
        self.server.kill()
        self.server = Server(world.data, reads_log=False)
        for _ in range(2):
            with self.loader(end_step=5) as loader:
                self.assertEqual(len(list(loader)), 5)
        self.assertIsNone(self.server.process.poll())

    def test_async_for_gives_the_same_steps(self):
        async def stream():
            return [batch.step async for batch in self.loader(end_step=30)]
        self.assertEqual(asyncio.run(stream()), list(range(30)))

    def test_a_cancelled_wait_loses_nothing(self):
        async def stream():
            loader = self.loader()
            self.assertEqual((await loader.__anext__()).step, 0)
            self.server.pause()
            last = 0
            with self.assertRaises(asyncio.TimeoutError):
                while True:
                    batch = await asyncio.wait_for(loader.__anext__(), 0.15)
                    self.assertEqual(batch.step, last + 1)
                    last = batch.step
            self.assertEqual(loader.state_dict()["next_step"], last + 1)
            self.server.go_on()
            self.assertEqual((await loader.__anext__()).step, last + 1)
            self.assertEqual(next(loader).step, last + 2)
        asyncio.run(stream())

    def test_closing_ends_what_waits_in_another_thread(self):
        loader = self.loader()
        next(loader)
        self.server.pause()
        ended = []

        def wait():
            try:
                while True:
                    next(loader)
            except millrace.Cancelled:
                ended.append(True)

        thread = threading.Thread(target=wait)
        thread.start()
        loader.close()
        thread.join(PATIENCE)
        self.assertEqual(ended, [True])
        loader.close()
        with self.assertRaisesRegex(millrace.Cancelled, "closed"):
            next(loader)
        self.assertIn("closed", repr(loader))

    def test_a_batch_that_came_just_before_the_closing_is_not_read(self):
        loader = self.loader()
        advance = loader._advance

        def advance_and_close(timeout):
            memory = advance(timeout)
            if memory is not None:
                loader.close()
            return memory

        with mock.patch.object(loader, "_advance", advance_and_close):
            with self.assertRaisesRegex(millrace.Cancelled, "was closed"):
                next(loader)

    def test_threads_that_share_a_loader_get_each_batch_once(self):
        loader = self.loader(end_step=200)
        steps = []

        def take():
            for batch in loader:
                steps.append(batch.step)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(sorted(steps), list(range(200)))

    def test_who_gave_up_may_ask_again(self):
        wanted = pull(server.endpoint, digits_plan(), 40)["digest"]
        digest = Digest()
        loader = Loader(self.server.endpoint, digits_plan(), end_step=40,
                        prefetch_steps=1, give_up_after=0.3, min_backoff=0.01)
        for _ in range(20):
            digest.add(next(loader))
        self.server.kill()
        for _ in range(2):
            with self.assertRaises(millrace.Unavailable):
                while True:
                    digest.add(next(loader))
        self.assertLess(loader.next_step, 40)
        self.server = Server(world.data, self.server.port)
        while loader.next_step < 40:
            try:
                digest.add(next(loader))
            except millrace.Unavailable:  # A busy machine.
                pass
        self.assertEqual(digest.hex(), wanted)

    def test_looking_on_may_meet_closing(self):
        for _ in range(30):
            loader = self.loader()
            next(loader)
            failures = []

            def look():
                try:
                    while loader.stats():
                        self.assertGreater(loader.steps_per_epoch, 0)
                except millrace.Cancelled:
                    pass
                except BaseException as error:
                    failures.append(error)

            threads = [threading.Thread(target=look) for _ in range(3)]
            for thread in threads:
                thread.start()
            next(loader)
            loader.close()
            for thread in threads:
                thread.join(PATIENCE)
            self.assertEqual(failures, [])
            self.assertEqual(loader.stats(), {})


if __name__ == "__main__":
    unittest.main()
