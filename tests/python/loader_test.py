"""millrace.Loader against a real server over drawn data."""

import ctypes
import gc
import json
import math
import pickle
import sys
import unittest
import weakref
from unittest import mock

import numpy as np

import millrace
from millrace import Loader, Plan, _batch, _library, _loader, _schema, where
from millrace._batch import Memory
from world import (DIGITS, PATIENCE, PHOTOS, SCENES, Digest, digits_plan, pull,
                   scenes_plan, served_world)

world = None
server = None


def setUpModule():
    global world, server
    world, server = served_world()


def open_loader(plan, **options):
    return Loader(server.endpoint, plan,
                  **{"give_up_after": PATIENCE, **options})


def digest_of(loader):
    digest = Digest()
    for batch in loader:
        digest.add(batch)
    return digest.hex()


class BytesTest(unittest.TestCase):

    def test_python_reads_the_bytes_that_the_cpp_client_reads(self):
        for plan in (digits_plan(), scenes_plan(masks=True, keypoints=True),
                     scenes_plan(max_boxes=3),
                     digits_plan().to_dtype("bfloat16", scale=True)):
            with open_loader(plan, end_step=12) as loader:
                self.assertEqual(digest_of(loader),
                                 pull(server.endpoint, plan, 12)["digest"])

    def test_arrays_keep_their_memory_when_all_else_is_gone(self):
        loader = open_loader(scenes_plan(masks=True), end_step=20)
        batch = next(loader)
        kept = {name: batch[name] for name in ("image", "masks", "ordinal")}
        copies = {name: array.copy() for name, array in kept.items()}
        del batch
        for _ in loader:  # Would write over memory that was given back.
            pass
        loader.close()
        del loader
        gc.collect()
        for name, array in kept.items():
            self.assertFalse(array.flags.owndata, name)
            np.testing.assert_array_equal(array, copies[name], name)

    def test_memory_is_given_back_with_the_last_array(self):
        loader = open_loader(digits_plan())
        batch = next(loader)
        part = batch["image"][3:5, 2]
        released = []
        watch = weakref.ref(batch["image"].base.memory, released.append)
        del batch
        loader._last = None
        gc.collect()
        self.assertEqual(released, [])
        del part
        self.assertEqual(released, [watch])

    def test_the_librarys_function_is_what_releases(self):
        released = []
        keep = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(released.append)
        library = mock.Mock(batch_release=keep)
        with mock.patch.object(_library, "get", lambda: library):
            memory = Memory()
        memory.slot.value = 12345
        self.assertEqual(released, [])
        del memory
        self.assertEqual(released, [12345])

    def test_memory_in_a_cycle_is_released_too(self):
        released = []
        keep = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(released.append)
        library = mock.Mock(batch_release=keep)
        with mock.patch.object(_library, "get", lambda: library):
            cycle = [Memory()]
        cycle[0].slot.value = 12345
        cycle.append(cycle)
        del cycle
        gc.collect()
        self.assertEqual(released, [12345])

    def test_what_watches_memory_does_not_pile_up(self):
        for _ in range(1000):
            Memory()
        self.assertLess(len(_batch._releases), 500)

    def test_promises_are_kept(self):
        with open_loader(scenes_plan()) as loader:
            batch = next(loader)
            self.assertEqual([spec.name for spec in loader.tensors],
                             list(batch))
            for spec in loader.tensors:
                self.assertEqual(batch.dtype(spec.name), spec.dtype)
                for got, wanted in zip(batch[spec.name].shape, spec.shape):
                    self.assertIn(wanted, (got, -1), spec)
            self.assertRegex(loader.plan_digest, "^[0-9a-f]{16}$")
            self.assertEqual(loader.positions_per_epoch, 80)
            self.assertEqual(loader.steps_per_epoch, 10)
            self.assertGreater(loader.batch_bytes, 8 * 96 * 96 * 3)
            self.assertTrue(
                loader.canonical_plan.dataset.startswith(SCENES + "@"))


class DlpackTest(unittest.TestCase):

    def test_a_capsule_shares_the_memory(self):
        batch = next(open_loader(scenes_plan()))
        for name in ("image", "label", "box_labels", "image_size"):
            array = np.from_dlpack(batch.dlpack[name])
            self.assertTrue(np.shares_memory(array, batch[name]), name)
            np.testing.assert_array_equal(array, batch[name])
        self.assertEqual(batch.dlpack["image"].__dlpack_device__(), (1, 0))

    def test_what_it_cannot_give_is_refused(self):
        tensor = next(open_loader(digits_plan())).dlpack["image"]
        for wish in ({"copy": True}, {"dl_device": (2, 0)}):
            with self.assertRaisesRegex(BufferError, "not copied"):
                tensor.__dlpack__(**wish)
        tensor.__dlpack__(copy=False, dl_device=(1, 0), max_version=(1, 0))

    def test_bfloat16_is_said_in_the_capsule_and_shown_as_its_bits(self):
        plan = digits_plan().to_dtype("bfloat16", scale=True)
        batch = next(open_loader(plan))
        tensor = batch.dlpack["image"]
        self.assertEqual((tensor.dtype, batch["image"].dtype),
                         ("bfloat16", np.uint16))
        same = next(open_loader(digits_plan().to_dtype("float32", scale=True)))
        np.testing.assert_allclose(batch.floats("image"), same["image"],
                                   rtol=2**-8)
        np.testing.assert_array_equal(np.asarray(tensor, np.float32),
                                      batch.floats("image"))
        capsule = tensor.__dlpack__()
        self.assertIn("dltensor", repr(capsule))


class PlanTest(unittest.TestCase):

    def test_the_defaults_are_those_of_the_server(self):
        """Each transform as short as it may be; the server writes its defaults
        out, and they are those that the builder shows."""
        for name, message in _schema.TRANSFORMS.items():
            plan = shortest(name)
            with open_loader(plan) as loader:
                step = loader.canonical_plan.to_dict()["transforms"]
            got = next(one[name] for one in step if name in one)
            for field in _schema.MESSAGES[message]:
                default = field.default
                if default is None or default is _schema.REQUIRED:
                    continue
                value = got.get(field.name, no_value(field))
                if field.repeated:
                    default = np.atleast_1d(default)
                    value = np.atleast_1d(value)
                    if default.size == 1:  # One for each channel.
                        default = np.broadcast_to(default, value.shape)
                    np.testing.assert_allclose(value, default, err_msg=name)
                else:
                    self.assertEqual(value, default, (name, field.name))

    def test_selections_orders_and_mixtures_are_understood(self):
        animals = where.annotation(names=["person"], crowd=False)
        plan = (Plan(SCENES).select(where=animals | where.image(
                    width=(10000, None)))
                .shuffle(seed=5).aspect_groups(0.8, 1.2)
                .resize((64, 64)).batch(4))
        with open_loader(plan) as loader:
            self.assertLess(loader.positions_per_epoch, 80)
            self.assertGreater(loader.positions_per_epoch, 0)
        plan = (Plan(SCENES).weighted([(animals, 3.0)], positions=64)
                .resize((64, 64)).batch(4))
        with open_loader(plan) as loader:
            self.assertEqual(loader.steps_per_epoch, 16)
        mixed = (Plan(SCENES).mix(PHOTOS, weight=3).mixture(weight=1)
                 .resize((64, 64)).batch(8, channels="rgb"))
        with open_loader(mixed) as loader:
            batch = next(loader)
            self.assertEqual(np.bincount(batch["dataset_index"]).tolist(),
                             [2, 6])
            names = loader.class_names()
            self.assertIn("person", names)
            self.assertGreater(len(names), 6)

    def test_what_a_server_refuses_is_an_exception_of_its_code(self):
        for error, message, plan in [
            (millrace.NotFound, "no dataset", Plan("none").batch(1)),
            (millrace.InvalidArgument, "batch.size", Plan(DIGITS).batch(65536)),
            (ValueError, "center_crop|shape|size", Plan(SCENES).batch(4)),
        ]:
            with self.assertRaisesRegex(error, message):
                next(open_loader(plan))

    def test_wrong_options_are_found_before_any_network(self):
        plan = digits_plan()
        for error, message, options in [
            (millrace.InvalidArgument, "host:port", {"endpoints": "somewhere"}),
            (millrace.InvalidArgument, "rank 3 of world size 2",
             {"rank": 3, "world_size": 2}),
            (millrace.InvalidArgument, "prefetch_steps", {"prefetch_steps": 0}),
            (ValueError, "rank is -1", {"rank": -1}),
            (ValueError, "start_step is", {"start_step": 2**63}),
            (millrace.InvalidArgument, "host:port",
             {"endpoints": "http://localhost:8090"}),
            (TypeError, "endpoint None", {"endpoints": None}),
            (TypeError, "plan is 5", {"plan": 5}),
            (TypeError, "name is 5", {"name": 5}),
            (TypeError, "keepalive is 'x'", {"keepalive": "x"}),
            (TypeError, "hedge_after is None", {"hedge_after": None}),
            (TypeError, "no option 'prefetch'", {"prefetch": 3}),
            (TypeError, "endpoint 3", {"endpoints": [3]}),
        ]:
            with self.assertRaisesRegex(error, message):
                Loader(**{"endpoints": "localhost:1", "plan": plan, **options})
        Loader("localhost:1", plan, hedge_after=math.inf, keepalive=60.0,
               rank=np.int64(1), world_size=np.int64(2))

    def test_a_server_that_is_not_there_is_given_up(self):
        with self.assertRaisesRegex(millrace.Unavailable, "localhost:1"):
            next(Loader("localhost:1", digits_plan(), give_up_after=0.2))

    def test_a_loader_that_waits_says_so(self):
        with mock.patch.object(_loader, "_WARN_EVERY_SECONDS", 0.05):
            with self.assertLogs("millrace", "WARNING") as logs:
                with self.assertRaises(millrace.Unavailable):
                    next(Loader("localhost:1", digits_plan(),
                                give_up_after=0.5, min_backoff=0.01))
        self.assertIn("localhost:1", logs.output[0])


def no_value(field):
    """What an unset field without presence means."""
    return {"uint32": 0, "bool": False}.get(
        field.type, _schema.ENUMS.get(field.type, (0,))[0])


def shortest(name):
    """A plan with this transform, its defaults, and what it needs."""
    required = {"size": 32, "padding": 1, "target_size": 32, "min_size": [32],
                "degrees": 10, "dtype": "float32", "mean": [0.5] * 3,
                "std": [0.5] * 3, "kernel_size": 3, "bits": 4,
                "threshold": 128, "sharpness_factor": 2}
    arguments = {field.name: required[field.name]
                 for field in _schema.MESSAGES[_schema.TRANSFORMS[name]]
                 if field.default is _schema.REQUIRED}
    labels = name in ("one_hot", "label_smoothing", "mix_up", "cut_mix")
    plan = Plan(PHOTOS if labels else SCENES)
    if name in ("to_dtype", "normalize", *_schema.FINISHED, *_schema.MIXING):
        plan = plan.resize((32, 32))
    if name == "normalize":
        plan = plan.to_dtype("float32")
    if name in ("label_smoothing", "mix_up", "cut_mix"):
        plan = plan.one_hot()
    plan = getattr(plan, name)(**arguments)
    if not (_schema.FINISHED | _schema.MIXING | {"to_dtype", "normalize"}
            ) & {next(iter(s)) for s in plan.to_dict()["transforms"]}:
        plan = plan.center_crop(32)
    return plan.batch(4, boxes=not labels, masks=name == "copy_paste",
                      channels="rgb")


class CheckpointTest(unittest.TestCase):

    def test_going_on_at_another_world_size_gives_the_same_samples(self):
        plan = digits_plan(60)
        with open_loader(plan, end_step=130) as loader:
            whole = [batch["ordinal"].copy() for batch in loader]
        with open_loader(plan, rank=1, world_size=2) as loader:
            for step in range(37):
                got = next(loader)
                np.testing.assert_array_equal(got["ordinal"], whole[step][30:])
            state = pickle.loads(pickle.dumps(loader.state_dict()))
        self.assertEqual(json.loads(json.dumps(state)), state)
        parts = []
        for rank in range(3):
            loader = open_loader(plan, rank=rank, world_size=3, end_step=130)
            loader.load_state_dict(state)
            self.assertEqual(loader.next_step, 37)
            parts.append([batch["ordinal"].copy() for batch in loader])
        for step in range(37, 130):
            np.testing.assert_array_equal(
                np.concatenate([part[step - 37] for part in parts]),
                whole[step])

    def test_a_state_is_where_the_last_batch_was_handed_out(self):
        loader = open_loader(digits_plan(), prefetch_steps=8)
        first = loader.state_dict()
        self.assertEqual(first["next_step"], 0)
        next(loader)
        loader.show()
        self.assertEqual(loader.state_dict()["next_step"], 1)
        # What waits to be handed out does not count.
        while loader._advance(PATIENCE) is None:
            pass
        self.assertEqual(loader.state_dict()["next_step"], 1)
        self.assertEqual(next(loader).step, 1)
        loader.load_state_dict(first)
        self.assertEqual(loader.state_dict(), first)
        self.assertEqual(next(loader).step, 0)

    def test_there_is_nothing_to_show_after_the_end(self):
        loader = open_loader(digits_plan(), start_step=np.int64(3), end_step=4)
        json.dumps(loader.state_dict())
        list(loader)
        loader.load_state_dict(loader.state_dict())
        self.assertIsNone(loader.last)
        with self.assertRaisesRegex(millrace.OutOfRange, "no batch to show"):
            loader.show()

    def test_seek_goes_anywhere(self):
        loader = open_loader(digits_plan())
        loader.seek(123456)
        self.assertEqual(next(loader).step, 123456)

    def test_there_is_no_step_before_the_first(self):
        loader = Loader("localhost:1", digits_plan())
        for step in (-1, 1.5, None):
            with self.assertRaisesRegex(ValueError, "step is"):
                loader.seek(step)

    def test_a_state_of_another_plan_is_refused_with_the_difference(self):
        state = open_loader(digits_plan(60)).state_dict()
        loader = open_loader(digits_plan(30))
        loader.load_state_dict(state)
        with self.assertRaisesRegex(millrace.FailedPrecondition,
                                    "size: 60 -> 30"):
            next(loader)
        with self.assertRaisesRegex(millrace.FailedPrecondition, SCENES):
            open_loader(scenes_plan()).load_state_dict(state)

    def test_what_is_no_state_is_a_value_error(self):
        loader = open_loader(digits_plan())
        for wrong in ({}, None, {"millrace": 1, "state": "?", "next_step": 0},
                      {"millrace": 1, "state": "AAAA", "next_step": 0}):
            with self.assertRaises(ValueError):
                loader.load_state_dict(wrong)
        with self.assertRaises(millrace.FailedPrecondition):
            loader.load_state_dict({**loader.state_dict(), "millrace": 2})
        loader.load_state_dict({**loader.state_dict(), "next_step": 77})
        with self.assertRaisesRegex(ValueError, "next_step 77"):
            next(loader)


class PictureTest(unittest.TestCase):

    def test_a_look_at_the_next_batch_leaves_it_the_next_one(self):
        loader = open_loader(digits_plan())
        picture = loader.show()
        self.assertGreater(picture.width, 100)
        self.assertEqual(next(loader).step, 0)

    def test_boxes_are_drawn_where_they_are_in_every_form(self):
        """The same pixels, whichever way the boxes come."""
        pictures = []
        for form in ("xyxy", "xywh", "cxcywh"):
            for rows in (None, 20):
                loader = open_loader(scenes_plan(
                    box_format=form, max_boxes=rows, masks=True))
                pictures.append(np.asarray(loader.show()))
        for picture in pictures[1:]:
            # Corners are rounded after other arithmetic.
            self.assertLess(np.mean(picture != pictures[0]), 0.01)
        loader = open_loader(scenes_plan())
        plain = next(open_loader(Plan.from_text(str(scenes_plan()).replace(
            "boxes: true", "")))).picture()
        self.assertNotEqual(np.asarray(plain).shape, pictures[0].shape)

    def test_normalized_floats_look_as_the_bytes_do(self):
        pictures = []
        base = Plan(SCENES).resize((64, 64))
        for plan in (base.batch(4),
                     base.to_dtype("float32", scale=True)
                     .normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])
                     .batch(4, layout="nchw"),
                     base.to_dtype("float16").batch(4)):
            pictures.append(np.asarray(open_loader(plan).show()))
        for picture in pictures[1:]:
            np.testing.assert_allclose(picture.astype(int),
                                       pictures[0].astype(int), atol=1)

    def test_without_pil_there_is_a_png(self):
        from PIL import Image
        import io
        batch = next(open_loader(scenes_plan()))
        with mock.patch.dict(sys.modules, {"PIL": None}):
            data = batch.picture()
            self.assertEqual(batch._repr_png_(), data)
        image = Image.open(io.BytesIO(data))
        self.assertEqual(image.size, batch.picture().size)

    def test_notebooks_get_tables_and_pictures(self):
        loader = open_loader(digits_plan())
        self.assertIn(DIGITS, loader._repr_html_())
        batch = next(loader)
        self.assertIn("uint8 [60, 28, 28, 1]", loader._repr_html_())
        self.assertEqual(batch._repr_png_()[:4], b"\x89PNG")
        self.assertIn("step 0", repr(batch))
        self.assertIn("100 steps an epoch", repr(loader))


class QueryTest(unittest.TestCase):

    def test_datasets_tell_their_classes_and_counts(self):
        info = millrace.dataset_info(server.endpoint, DIGITS)
        self.assertEqual(info["samples"], 6000)
        self.assertEqual(len(info["categories"]), 10)
        with self.assertRaises(millrace.NotFound):
            millrace.dataset_info(server.endpoint, "none")
        with self.assertRaises(millrace.Error):
            millrace.dataset_info("localhost:1", DIGITS, timeout=0.2)
        with self.assertRaisesRegex(millrace.InvalidArgument, "host:port"):
            millrace.dataset_info("localhost", DIGITS)
        with self.assertRaisesRegex(TypeError, "dataset is None"):
            millrace.dataset_info(server.endpoint, None)

    def test_names_come_from_whichever_server_answers(self):
        loader = Loader(["localhost:1", server.endpoint], digits_plan(),
                        give_up_after=PATIENCE)
        self.assertEqual(len(loader.class_names()), 10)

    def test_progress_counts_images(self):
        loader = open_loader(digits_plan(), end_step=3)
        self.assertEqual(loader.progress(), "no batch yet")
        list(loader)
        self.assertRegex(loader.progress(),
                         r"^epoch 0, step 3 of 100: 180 images, [\d,]+ images")

    def test_pickling_says_what_to_pickle(self):
        loader = open_loader(digits_plan())
        with self.assertRaisesRegex(TypeError, "state_dict"):
            pickle.dumps(loader)
        with self.assertRaisesRegex(TypeError, "copies"):
            pickle.dumps(next(loader))


if __name__ == "__main__":
    unittest.main()
