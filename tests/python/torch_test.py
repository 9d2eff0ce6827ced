"""millrace.torch.DataLoader against a real server over drawn data."""

import os
import unittest
from unittest import mock

try:
    import torch
except ImportError:
    torch = None

import numpy as np

import millrace
from world import PATIENCE, SCENES, digits_plan, scenes_plan, served_world

if torch is not None:
    from millrace.torch import DataLoader

world = None
server = None


def setUpModule():
    if torch is None:
        raise unittest.SkipTest("needs torch (Debian's python3-torch)")
    global world, server
    world, server = served_world()


def open_loader(plan, **options):
    return DataLoader(server.endpoint, plan,
                      **{"give_up_after": PATIENCE, **options})


def ordinals(loader):
    return [loader.batch["ordinal"].tolist() for _ in loader]


class ClassificationTest(unittest.TestCase):

    def test_images_are_the_received_memory_in_torchs_order(self):
        loader = open_loader(digits_plan())
        for images, targets in loader:
            break
        batch = loader.batch
        self.assertEqual(images.shape, (60, 1, 28, 28))
        self.assertEqual(images.dtype, torch.uint8)
        self.assertEqual(images.data_ptr(), batch["image"].ctypes.data)
        self.assertEqual((targets.shape, targets.dtype), ((60,), torch.int64))
        np.testing.assert_array_equal(targets, batch["label"])
        photos = millrace.Plan(SCENES).resize((32, 32)).batch(4)
        images, _ = next(iter(open_loader(photos)))
        self.assertTrue(images.is_contiguous(
            memory_format=torch.channels_last))
        same, _ = next(iter(open_loader(
            millrace.Plan(SCENES).resize((32, 32)).batch(4, layout="nchw"))))
        self.assertTrue(same.is_contiguous())
        self.assertTrue(torch.equal(images, same))

    def test_tensors_outlive_their_loader(self):
        loader = open_loader(digits_plan())
        images, _ = next(iter(loader))
        copy = images.clone()
        for _ in zip(range(20), loader):
            pass
        loader.close()
        del loader
        self.assertTrue(torch.equal(images, copy))

    def test_padding_is_what_losses_pass_over(self):
        plan = digits_plan(1024).batch(1024, remainder="pad")
        loader = open_loader(plan)
        *_, (images, targets) = loader
        self.assertEqual(len(loader), 6)
        there = 6000 - 5 * 1024
        self.assertEqual(len(images), 1024)
        self.assertTrue((targets[there:] == -100).all())
        self.assertTrue((targets[:there] >= 0).all())
        logits = torch.zeros(1024, 10)
        loss = torch.nn.functional.cross_entropy(logits, targets)
        self.assertAlmostEqual(loss.item(), np.log(10), places=5)
        *_, (images, targets) = open_loader(plan, drop_invalid=True)
        self.assertEqual((len(images), len(targets)), (there, there))

    def test_floats_come_in_the_plans_type(self):
        for name in ("float32", "float16", "bfloat16"):
            plan = (digits_plan().to_dtype(name, scale=True)
                    .normalize([0.5], [0.5]).one_hot())
            images, targets = next(iter(open_loader(plan)))
            self.assertEqual(images.dtype, getattr(torch, name))
            self.assertEqual((targets.shape, targets.dtype),
                             ((60, 10), torch.float32))
            self.assertEqual((images.float().min(), images.float().max()),
                             (-1, 1))


class DlpackTest(unittest.TestCase):

    def test_torch_takes_the_capsules(self):
        plan = digits_plan().to_dtype("bfloat16", scale=True)
        batch = next(open_loader(plan).loader)
        image = torch.from_dlpack(batch.dlpack["image"])
        self.assertEqual(image.dtype, torch.bfloat16)
        self.assertEqual(image.data_ptr(), batch["image"].ctypes.data)
        np.testing.assert_array_equal(image.float(), batch.floats("image"))
        label = torch.from_dlpack(batch.dlpack["label"])
        del batch
        self.assertEqual(label.dtype, torch.int64)
        self.assertTrue(((0 <= label) & (label < 10)).all())


class EpochTest(unittest.TestCase):

    def test_an_iteration_is_an_epoch_and_the_next_one_the_next(self):
        loader = open_loader(digits_plan(600))
        self.assertEqual((len(loader), loader.epoch), (10, 0))
        first, second = ordinals(loader), ordinals(loader)
        self.assertEqual((len(first), len(second)), (10, 10))
        self.assertNotEqual(first, second)
        for epoch in (first, second):
            self.assertEqual(sorted(sum(epoch, [])), list(range(6000)))
        self.assertEqual(loader.epoch, 2)
        loader.set_epoch(1)
        self.assertEqual(ordinals(loader), second)

    def test_a_checkpoint_within_an_epoch_gives_what_is_left_of_it(self):
        loader = open_loader(digits_plan(600))
        whole = ordinals(loader) + ordinals(loader)
        for stop in (3, 9, 10, 14):
            loader = open_loader(digits_plan(600))
            seen = []
            while len(seen) < stop:
                for _ in loader:
                    seen.append(loader.batch["ordinal"].tolist())
                    if len(seen) == stop:
                        break
            state = loader.state_dict()
            loader = open_loader(digits_plan(600))
            loader.load_state_dict(state)
            left = ordinals(loader)
            # After the last batch of an epoch, the next one.
            self.assertEqual(len(left), 10 - stop % 10, stop)
            self.assertEqual(seen + left, whole[:stop + len(left)])

    def test_leaving_early_begins_the_next_epoch(self):
        loader = open_loader(digits_plan(600))
        first, second = ordinals(loader), ordinals(loader)
        loader = open_loader(digits_plan(600))
        for _ in loader:
            break
        self.assertEqual(loader.batch["ordinal"].tolist(), first[0])
        with self.assertLogs("millrace", "WARNING") as logs:
            self.assertEqual(ordinals(loader), second)
        self.assertIn("epoch 0 was left after 1 of its 10 steps",
                      logs.output[0])

    def test_going_on_within_an_epoch_that_was_left_can_be_asked_for(self):
        loader = open_loader(digits_plan(600))
        first = ordinals(loader)
        loader = open_loader(digits_plan(600))
        for _ in loader:
            break
        loader.load_state_dict(loader.state_dict())
        self.assertEqual(ordinals(loader), first[1:])

    def test_an_iteration_that_raised_goes_on(self):
        """Itself, and a new one, after what may come while it waits."""
        whole = ordinals(open_loader(digits_plan(600)))
        for error in (KeyboardInterrupt, millrace.Unavailable):
            loader = open_loader(digits_plan(600))
            iteration, got = iter(loader), []
            for new in (False, True):
                next(iteration)
                got.append(loader.batch["ordinal"].tolist())
                with mock.patch.object(loader.loader, "_advance",
                                       side_effect=error("no")):
                    with self.assertRaises(error):
                        next(iteration)
                if new:
                    iteration = iter(loader)
            for _ in iteration:
                got.append(loader.batch["ordinal"].tolist())
            self.assertEqual(got, whole)

    def test_wrong_environments_and_offsets_are_told(self):
        with mock.patch.dict(os.environ, {"RANK": ""}):
            with self.assertRaisesRegex(ValueError, "RANK='' in the env"):
                open_loader(digits_plan())
            open_loader(digits_plan(), rank=0, world_size=1)
        with self.assertRaises(TypeError):
            open_loader(digits_plan(), label_offset="x")

    def test_an_older_iteration_does_not_mix_with_a_newer_one(self):
        loader = open_loader(digits_plan(600))
        older = iter(loader)
        next(older)
        newer = iter(loader)
        next(newer)
        with self.assertRaisesRegex(millrace.Cancelled, "another iteration"):
            next(older)

    def test_the_end_may_be_given(self):
        loader = open_loader(digits_plan(600), end_epoch=2)
        self.assertEqual([len(ordinals(loader)) for _ in range(3)], [10, 10, 0])


class RankTest(unittest.TestCase):

    def test_it_comes_from_the_environment_or_from_the_call(self):
        plan = digits_plan()
        whole = next(iter(open_loader(plan)))[1]
        with mock.patch.dict(os.environ, {"RANK": "2", "WORLD_SIZE": "3"}):
            self.assertTrue(torch.equal(next(iter(open_loader(plan)))[1],
                                        whole[40:]))
            given = open_loader(plan, rank=0, world_size=2)
            self.assertTrue(torch.equal(next(iter(given))[1], whole[:30]))

    def test_it_comes_from_torch_distributed(self):
        if not torch.distributed.is_available():
            self.skipTest("this torch has no torch.distributed")
        store = torch.distributed.HashStore()
        torch.distributed.init_process_group("gloo", store=store, rank=0,
                                             world_size=1)
        self.addCleanup(torch.distributed.destroy_process_group)
        with mock.patch.dict(os.environ, {"RANK": "2", "WORLD_SIZE": "3"}):
            self.assertIn("rank 0 of 1", repr(open_loader(digits_plan())))


class DetectionTest(unittest.TestCase):

    def test_all_that_is_handed_out_is_pinned(self):
        pinned = []

        def pin(tensor):
            pinned.append(tensor)
            return tensor

        with mock.patch.object(torch.Tensor, "pin_memory", pin):
            for plan in (digits_plan(), scenes_plan(masks=True)):
                pinned.clear()
                images, targets = next(iter(DataLoader(
                    server.endpoint, plan, pin_memory=True,
                    give_up_after=PATIENCE)))
                if isinstance(targets, torch.Tensor):
                    wanted = [images, targets]
                else:
                    wanted = [tensor for target in targets
                              for tensor in target.values()]
                for tensor in wanted:
                    self.assertTrue(any(tensor is one for one in pinned))

    def test_targets_are_what_torchvisions_models_take(self):
        for form in ("xyxy", "xywh", "cxcywh"):
            for rows in (None, 20):
                with self.subTest(form=form, max_boxes=rows):
                    self.check_targets(form, rows)

    def check_targets(self, form, rows):
        options = {"boxes": True, "masks": True, "keypoints": True}
        # The ragged corners that the others must equal.
        plain = next(open_loader(scenes_plan(**options)).loader)
        loader = open_loader(scenes_plan(box_format=form, max_boxes=rows,
                                         **options))
        images, targets = next(iter(loader))
        self.assertEqual((len(images), len(targets)), (8, 8))
        offsets = plain["box_offsets"]
        total = 0
        for i, (image, target) in enumerate(zip(images, targets)):
            part = slice(offsets[i], offsets[i + 1])
            count = int(offsets[i + 1] - offsets[i])
            total += count
            self.assertEqual((image.shape, image.dtype),
                             ((3, 96, 96), torch.uint8))
            for name, shape, dtype, wanted in [
                ("boxes", (count, 4), torch.float32, plain["boxes"][part]),
                ("labels", (count,), torch.int64,
                 plain["box_labels"][part] + 1),
                ("masks", (count, 96, 96), torch.uint8, plain["masks"][part]),
                ("keypoints", (count, *plain["keypoints"].shape[1:]),
                 torch.float32, plain["keypoints"][part]),
                ("area", (count,), torch.float32, plain["box_area"][part]),
                ("iscrowd", (count,), torch.int64, plain["box_crowd"][part]),
                ("image_id", (1,), torch.int64, plain["source_id"][i:i + 1]),
            ]:
                self.assertEqual((target[name].shape, target[name].dtype),
                                 (shape, dtype), name)
                np.testing.assert_allclose(target[name], wanted, atol=1e-3)
        self.assertGreater(total, 8)

    def test_a_model_of_torchvision_trains_on_it(self):
        try:
            from torchvision.models import detection
        except ImportError:
            self.skipTest("needs torchvision")
        torch.manual_seed(1)
        model = detection.ssdlite320_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=8)
        images, targets = next(iter(open_loader(scenes_plan())))
        losses = model([image / 255 for image in images[:2]], targets[:2])
        self.assertTrue(all(torch.isfinite(loss) for loss in losses.values()))

    def test_padding_is_left_out(self):
        loader = open_loader(
            scenes_plan(remainder="pad").batch(32, boxes=True, remainder="pad"))
        lengths = [len(images) for images, _ in loader]
        self.assertEqual(lengths, [32, 32, 16])

    def test_masks_as_run_lengths_are_refused(self):
        with self.assertRaisesRegex(ValueError, "mask_format"):
            open_loader(scenes_plan(masks=True, mask_format="run_lengths"))


if __name__ == "__main__":
    unittest.main()
