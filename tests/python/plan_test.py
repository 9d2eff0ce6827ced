"""The plan builder, without a server."""

import ast
import enum
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Proto

from millrace import InvalidArgument, Plan, _plan, _schema, _stub, where
from world import ROOT

SCALARS = {Proto.TYPE_UINT32: "uint32", Proto.TYPE_UINT64: "uint64",
           Proto.TYPE_DOUBLE: "double", Proto.TYPE_BOOL: "bool",
           Proto.TYPE_STRING: "string"}


def plan_proto():
    """Its messages and enums by their last name."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I", ROOT / "proto",
                        f"--descriptor_set_out={out.name}",
                        "millrace/v1/plan.proto"], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    messages, enums = {}, {}

    def add(message):
        messages[message.name] = message
        enums.update((one.name, one) for one in message.enum_type)
        for nested in message.nested_type:
            add(nested)

    for file in files.file:
        enums.update((one.name, one) for one in file.enum_type)
        for message in file.message_type:
            add(message)
    return messages, enums


class SchemaTest(unittest.TestCase):
    """The tables are those of plan.proto."""

    @classmethod
    def setUpClass(cls):
        cls.messages, cls.enums = plan_proto()

    def test_every_message_is_there(self):
        self.assertEqual(sorted(_schema.MESSAGES), sorted(self.messages))

    def test_every_field_is_there_in_order_with_its_type(self):
        for name, message in self.messages.items():
            wanted = [
                (field.name,
                 SCALARS.get(field.type, field.type_name.rsplit(".", 1)[-1]),
                 field.label == Proto.LABEL_REPEATED)
                for field in sorted(message.field, key=lambda f: f.number)]
            # Transform's fields are printed one at a time; their order is free.
            if name == "Transform":
                wanted.sort()
            got = [(field.name, field.type, field.repeated)
                   for field in _schema.MESSAGES[name]]
            if name == "Transform":
                got.sort()
            self.assertEqual(got, wanted, name)

    def test_presence_is_that_of_optional_fields(self):
        for name, message in self.messages.items():
            wanted = {field.name for field in message.field
                      if field.proto3_optional}
            got = {field.name for field in _schema.MESSAGES[name]
                   if field.presence}
            self.assertEqual(got, wanted, name)

    def test_every_enum_has_its_values(self):
        self.assertEqual(
            _schema.ENUMS,
            {name: tuple(value.name for value in one.value)
             for name, one in self.enums.items()})

    def test_every_transform_is_a_method_with_a_docstring(self):
        for name, message in _schema.TRANSFORMS.items():
            self.assertIn(message, getattr(Plan, name).__doc__)

    def test_the_stub_is_what_the_tables_give(self):
        stub = pathlib.Path(_plan.__file__).with_suffix(".pyi")
        self.assertEqual(
            stub.read_text(encoding="utf-8"), _stub.stub(),
            "run: python3 -m millrace._stub > millrace/_plan.pyi")
        ast.parse(_stub.stub())


class TextTest(unittest.TestCase):

    def test_a_plan_is_its_text(self):
        plan = (Plan("imagenet/train").shuffle(seed=1).random_resized_crop(224)
                .random_horizontal_flip().batch(256))
        self.assertEqual(str(plan), """\
dataset: "imagenet/train"
sampler { order: SHUFFLE }
seed: 1
transforms { random_resized_crop { size: 224 } }
transforms { random_horizontal_flip {} }
batch { size: 256 }
""")
        self.assertEqual(Plan.from_text(str(plan)), plan)

    def test_ready_made_plans_survive_reading_and_writing(self):
        files = sorted((ROOT / "examples/plans").glob("*.textproto"))
        self.assertGreater(len(files), 5)
        for file in files:
            plan = Plan.from_file(file)
            plan.check()
            self.assertEqual(Plan.from_text(str(plan)), plan, file)

    def test_every_argument_of_every_method_survives(self):
        """Values at and beyond defaults, through text and back."""
        for name, message in _schema.TRANSFORMS.items():
            arguments = {field.name: example(field)
                         for field in _schema.MESSAGES[message]
                         if (name, field.name) not in EXCLUSIVE}
            plan = before(name)
            plan = getattr(plan, name)(**arguments).batch(4)
            self.assertEqual(Plan.from_text(str(plan)), plan, str(plan))
            step = plan.to_dict()["transforms"][-1][name]
            self.assertEqual(set(step), set(arguments), name)

    def test_names_with_quotes_survive(self):
        plan = Plan("a").select(keys=['say "hi"\n\\', "ünï"]).batch(1)
        self.assertEqual(Plan.from_text(str(plan)), plan)

    def test_a_mistake_in_a_text_names_its_place(self):
        with self.assertRaisesRegex(InvalidArgument, r"^plan:2:\d+: "):
            Plan.from_text('dataset: "x"\nsize: 3')
        with self.assertRaises(ValueError):
            Plan.from_text("dataset")

    def test_methods_leave_their_plan_as_it_is(self):
        plan = Plan("x").mix("y").batch(2)
        text = str(plan)
        plan.resize(3).shuffle().mix("z").mixture(4).batch(9)
        self.assertEqual(str(plan), text)


EXCLUSIVE = {("resize", "max_size"), ("random_rotation", "center"),
             ("random_erasing", "value")}


def example(field):
    """A value that the field may have."""
    if field.type == "bool":
        return True
    if field.type in _schema.ENUMS:
        return _schema.ENUMS[field.type][1].lower()
    if field.name == "kernel_size":
        return [3]
    if field.name == "magnitude":
        return 1
    low = field.least if np.isfinite(field.least) else 0
    if field.type == "double":
        value = 0.25 if low == 0 else low + 0.5
        if field.name.startswith("max_"):
            value = 0.75
    else:
        value = int(low) + 2
    return [value] * (field.counts or (1,))[-1] if field.repeated else value


def before(name):
    """A plan that a transform may follow."""
    plan = Plan("x")
    if name == "normalize":
        plan = plan.to_dtype("float32")
    if name in ("label_smoothing", "mix_up", "cut_mix"):
        plan = plan.one_hot()
    return plan


class MistakeTest(unittest.TestCase):
    """Found at once, with a message that says what would be right."""

    def refuse(self, error, message, make):
        with self.assertRaisesRegex(error, message):
            make(Plan("x"))

    def test_values_out_of_range(self):
        for message, make in [
            ("random_resized_crop: size 0: out of range; give 1 to 8192",
             lambda p: p.random_resized_crop(0)),
            (r"scale \(1, 0.5\): give the lower value first",
             lambda p: p.random_resized_crop(9, scale=(1, 0.5))),
            ("size .*: has 3 values; give 1 or 2",
             lambda p: p.resize((1, 2, 3))),
            ("p 1.5: out of range; give 0 to 1",
             lambda p: p.random_horizontal_flip(1.5)),
            ("p nan: a finite number", lambda p: p.random_invert(float("nan"))),
            ("hue 0.7", lambda p: p.color_jitter(hue=0.7)),
            ("fill .*300", lambda p: p.pad(1, fill=300)),
            ("padding_mode 'wrap': use one of CONSTANT, EDGE",
             lambda p: p.pad(1, padding_mode="wrap")),
            ("interpolation 'lanczos': use one of NEAREST",
             lambda p: p.resize(8, interpolation="lanczos")),
            ("dtype 'int64': use one of UINT8", lambda p: p.to_dtype("int64")),
            ("size 0", lambda p: p.batch(0)),
            ("bits 9", lambda p: p.random_posterize(9)),
            ("plan: seed -1", lambda p: p.seed(-1)),
            ("weight 0", lambda p: p.mix("y", weight=0)),
            ("kernel_size .*odd", lambda p: p.gaussian_blur(4)),
            ("magnitude 31 is not below",
             lambda p: p.rand_augment(magnitude=31)),
            ("max_size 8 is not above size 9",
             lambda p: p.resize(9, max_size=8)),
            ("min_scale 0.9 is more than",
             lambda p: p.random_iou_crop(min_scale=0.9, max_scale=0.5)),
            ("2 is more than 1", lambda p: where.image(width=(2, 1))),
            ("no bound", lambda p: where.image(width=(None, None))),
            ("is empty", lambda p: Plan("")),
        ]:
            self.refuse(ValueError, message, make)

    def test_wrong_types(self):
        for message, make in [
            ("resize: size is None", lambda p: p.resize(None)),
            ("batch: size is None", lambda p: p.batch(None)),
            ("normalize: mean is None", lambda p: p.to_dtype(
                "float32").normalize(None, None)),
            ("mix: 5: the name of", lambda p: p.mix(5)),
            ("weighted: .*condition, weight", lambda p: p.weighted(
                [where.classes("x")])),
            ("width: 'a' is no number", lambda p: where.image(width=("a", 2))),
            ("size 'a': a whole number", lambda p: p.resize("a")),
            ("size 1.5: a whole number", lambda p: p.resize(1.5)),
            ("size True: a whole number", lambda p: p.batch(True)),
            ("p '1': a number", lambda p: p.random_invert("1")),
            ("expand 1: True or False",
             lambda p: p.random_rotation(9, expand=1)),
            (r"resize\(\): .*unexpected.*'foo'; it takes size, interpolation",
             lambda p: p.resize(1, foo=2)),
            (r"resize\(\): missing a required argument: 'size'",
             lambda p: p.resize()),
            ("a condition of millrace.where", lambda p: p.select(where=1)),
            ("&, | and ~", lambda p: where.image(width=(1, 2)) and p),
            ("give \\(least, most\\)", lambda p: where.image(width=3)),
        ]:
            self.refuse(TypeError, message, make)

    def test_an_unknown_method_gets_a_hint(self):
        self.refuse(AttributeError, "did you mean random_resized_crop",
                    lambda p: p.random_resize_crop(3))

    def test_wrong_order(self):
        for message, make in [
            ("resize comes after to_dtype",
             lambda p: p.to_dtype("uint8").resize(1)),
            ("to_dtype comes twice",
             lambda p: p.to_dtype("uint8").to_dtype("uint8")),
            ("normalize works on floats", lambda p: p.normalize([0], [1])),
            ("to_dtype makes uint8",
             lambda p: p.to_dtype("uint8").normalize([0], [1])),
            ("label_smoothing needs rows", lambda p: p.label_smoothing()),
            ("mix_up mixes rows", lambda p: p.mix_up()),
            ("resize comes after random_erasing",
             lambda p: p.random_erasing().resize(1)),
            ("random_erasing comes after mix_up",
             lambda p: p.one_hot().mix_up().random_erasing()),
            ("add a dataset with mix", lambda p: p.mixture(2)),
            ("aspect_groups: goes with", lambda p: p.class_balanced()
             .aspect_groups(1.0)),
            ("masks needs boxes", lambda p: p.batch(1, masks=True)),
            ("mask_format needs masks", lambda p: p.batch(
                1, boxes=True, mask_format="run_lengths")),
            ("at most 64", lambda p: [p := p.random_invert()
                                      for _ in range(65)]),
        ]:
            self.refuse(ValueError, message, make)

    def test_whole_plans(self):
        for message, plan in [
            ("no batch size", Plan("x")),
            ("mosaic needs .*boxes=True", Plan("x").mosaic().batch(4)),
            ("copy_paste needs .*masks=True",
             Plan("x").copy_paste().batch(4, boxes=True)),
            ("mix_up mixes images, not boxes",
             Plan("x").one_hot().mix_up().batch(4, boxes=True)),
        ]:
            with self.assertRaisesRegex(ValueError, message):
                plan.check()


class ArgumentTest(unittest.TestCase):
    """What torchvision's users write."""

    def test_enums_and_dtypes_of_other_libraries(self):
        class InterpolationMode(enum.Enum):
            BICUBIC = "bicubic"

        step = Plan("x").resize(3, InterpolationMode.BICUBIC).to_dict()
        self.assertEqual(step["transforms"][0]["resize"]["interpolation"],
                         "BICUBIC")
        for dtype in (np.float16, np.dtype("float16"), "float16",
                      "torch.float16"):
            step = Plan("x").to_dtype(dtype).to_dict()["transforms"][0]
            self.assertEqual(step["to_dtype"]["dtype"], "FLOAT16")

    def test_numbers_of_numpy(self):
        self.assertEqual(Plan("x").resize(np.int64(3)), Plan("x").resize(3))
        mean = np.array([0.5], np.float32)
        self.assertEqual(
            Plan("x").to_dtype("float32").normalize(mean, mean),
            Plan("x").to_dtype("float32").normalize([0.5], [0.5]))

    def test_random_erasing_takes_torchvisions_random(self):
        plan = Plan("x").random_erasing(value="random")
        self.assertIn("random: true", str(plan))

    def test_at_least_is_a_whole_number(self):
        for wrong in (0, 1.5, "2"):
            with self.assertRaisesRegex(ValueError, "at_least"):
                where.annotation(crowd=True, at_least=wrong)

    def test_conditions_combine(self):
        a = where.classes("dog", supercategories=["animal"])
        b = where.annotation(crowd=True, area=(None, 9.5), at_least=2)
        c = where.image(aspect_ratio=(0.5, 2))
        plan = Plan("x").select(where=a & ~b & c | b).batch(1)
        self.assertEqual(Plan.from_text(str(plan)), plan)
        tree = plan.to_dict()["selection"]["where"]
        self.assertEqual(len(tree["any"]["of"]), 2)
        self.assertEqual(len(tree["any"]["of"][0]["all"]["of"]), 3)


if __name__ == "__main__":
    unittest.main()
