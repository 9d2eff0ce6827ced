"""The messages of millrace/v1/plan.proto as tables, with what is known of their
values: ranges, numbers of values, torchvision's defaults.

tests/python/plan_test.py fails where this and plan.proto differ.
"""

import math
import numbers
import operator
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

ENUMS: Dict[str, Tuple[str, ...]] = {
    "Order": ("SEQUENTIAL", "SHUFFLE", "CLASS_BALANCED", "WEIGHTED"),
    "Interpolation": ("INTERPOLATION_UNSPECIFIED", "NEAREST", "BILINEAR",
                      "BICUBIC"),
    "DType": ("DTYPE_UNSPECIFIED", "UINT8", "INT32", "INT64", "FLOAT32",
              "FLOAT64", "FLOAT16", "BFLOAT16"),
    "PaddingMode": ("CONSTANT", "EDGE", "REFLECT", "SYMMETRIC"),
    "Policy": ("IMAGENET", "CIFAR10", "SVHN"),
    "Remainder": ("DROP", "PAD"),
    "Layout": ("NHWC", "NCHW"),
    "Channels": ("CHANNELS_OF_DATASET", "RGB", "GRAY"),
    "Corrupt": ("FAIL", "MASK"),
    "BoxFormat": ("XYXY", "XYWH", "CXCYWH"),
    "MaskFormat": ("DENSE", "RUN_LENGTHS"),
}
IMAGE_DTYPES = ("UINT8", "FLOAT32", "FLOAT16", "BFLOAT16")

REQUIRED: Any = ...


@dataclass(frozen=True)
class Field:
    """A field of a message and the argument that sets it.

    `type`: "uint32", "uint64", "double", "bool", "string", or the name of an
    enum or message. `counts`: how many values a repeated one may have, None
    for any number. `default`: what an unset field means, REQUIRED if it must
    be set; shown to users, never written. `least`, `most`: bounds of values.
    `ascending`: two or more values never fall.
    """

    name: str
    type: str
    default: Any = None
    least: float = -math.inf
    most: float = math.inf
    counts: Optional[Tuple[int, ...]] = ()
    ascending: bool = False
    presence: bool = False
    doc: str = ""

    @property
    def repeated(self) -> bool:
        return self.counts != ()


# --- What transforms have in common -------------------------------------------

_SIDE: Dict[str, Any] = {"least": 1, "most": 8192}


def _size(name: str = "size", doc: str = "") -> Field:
    return Field(name, "uint32", REQUIRED, counts=(1, 2), **_SIDE,
                 doc=doc or "pixels; one value: a square; two: height, width")


def _p(default: float = 0.5) -> Field:
    return Field("p", "double", default, 0, 1, presence=True,
                 doc="probability")


def _interpolation(default: str = "BILINEAR") -> Field:
    return Field("interpolation", "Interpolation", default,
                 doc="NEAREST, BILINEAR or BICUBIC")


def _fill(default: int = 0) -> Field:
    return Field("fill", "uint32", default, 0, 255, (1, 3),
                 doc="one value, or one for each channel")


def _padding(default: Any) -> Field:
    return Field("padding", "uint32", default, 0, 8192, (1, 2, 4),
                 doc="pixels; one value: all sides; two: left and right, top "
                 "and bottom; four: left, top, right, bottom")


_PADDING_MODE = Field("padding_mode", "PaddingMode", "CONSTANT",
                      doc="CONSTANT, EDGE, REFLECT or SYMMETRIC")
_CENTER = Field("center", "double", None, counts=(2,),
                doc="x, y in pixels; None: the image's centre")
_DEGREES = Field("degrees", "double", REQUIRED, -36000, 36000, (1, 2),
                 ascending=True, doc="the range; one value d: -d to d")


def _range(name: str, default: Any, least: float, most: float,
           doc: str) -> Field:
    return Field(name, "double", default, least, most, (2,), ascending=True,
                 doc=doc)


def _jitter(name: str, most: float = math.inf) -> Field:
    least = -most if most < 1 else 0
    return Field(name, "double", None, least, most, (1, 2), ascending=True,
                 doc="one value: how far from unchanged; two: the range")


def _bins() -> Field:
    return Field("num_magnitude_bins", "uint32", 31, 2, 1000, presence=True,
                 doc="steps of strength")


def _group(default: int) -> Field:
    return Field("group", "uint32", default, 2, 65536, presence=True,
                 doc="neighbouring positions that mix; divides the batch of "
                 "each rank")


_ALPHA = Field("alpha", "double", 1.0, 0, presence=True,
               doc="of the Beta distribution; 1: uniform")

# --- The messages -------------------------------------------------------------

MESSAGES: Dict[str, Tuple[Field, ...]] = {
    "Resize": (
        _size(doc="pixels; one value: the shorter side; two: height, width"),
        _interpolation(),
        Field("max_size", "uint32", None, **_SIDE,
              doc="cap of the longer side")),
    "CenterCrop": (_size(),),
    "RandomResizedCrop": (
        _size(),
        _range("scale", (0.08, 1.0), 0, 1, "share of the image's area"),
        _range("ratio", (3 / 4, 4 / 3), 0, math.inf, "width / height"),
        _interpolation()),
    "RandomHorizontalFlip": (_p(),),
    "RandomVerticalFlip": (_p(),),
    "Pad": (_padding(REQUIRED), _fill(), _PADDING_MODE),
    "RandomCrop": (
        _size(),
        _padding(None),
        Field("pad_if_needed", "bool", False,
              doc="pads a side that is too short; else the stream fails"),
        _fill(),
        _PADDING_MODE),
    "LetterBox": (_size(), _fill(114), _interpolation()),
    "ScaleJitter": (
        _size("target_size"),
        _range("scale_range", (0.1, 2.0), 0, math.inf, "factors"),
        _interpolation()),
    "RandomShortestSize": (
        Field("min_size", "uint32", REQUIRED, counts=None, **_SIDE,
              doc="pixels; the sizes to draw from"),
        Field("max_size", "uint32", None, **_SIDE,
              doc="cap of the longer side"),
        _interpolation()),
    "RandomRotation": (
        _DEGREES,
        _interpolation("NEAREST"),
        Field("expand", "bool", False, doc="holds the whole rotated image"),
        _CENTER,
        _fill()),
    "RandomAffine": (
        _DEGREES,
        Field("translate", "double", None, 0, 1, (2,),
              doc="shares of width and height that it may move"),
        _range("scale", None, 0, math.inf, "factors"),
        Field("shear", "double", None, -90, 90, (1, 2, 4),
              doc="degrees; one value s: x from -s to s; two: the range of x; "
              "four: the ranges of x and y"),
        _interpolation("NEAREST"),
        _fill(),
        _CENTER),
    "RandomPerspective": (
        Field("distortion_scale", "double", 0.5, 0, 1, presence=True,
              doc="how far corners move towards the centre"),
        _p(),
        _interpolation(),
        _fill()),
    "RandomIoUCrop": (
        Field("min_scale", "double", 0.3, 0, 1, presence=True,
              doc="of the crop's sides to the image's"),
        Field("max_scale", "double", 1.0, 0, 1, presence=True),
        Field("min_aspect_ratio", "double", 0.5, 0, presence=True,
              doc="width / height"),
        Field("max_aspect_ratio", "double", 2.0, 0, presence=True),
        Field("sampler_options", "double", (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0),
              0, counts=None, doc="IoU to some box; 1: leave the image"),
        Field("trials", "uint32", 40, 1, presence=True,
              doc="for each option drawn")),
    "RandomZoomOut": (
        _fill(),
        _range("side_range", (1.0, 4.0), 1, math.inf,
               "of the canvas's sides to the image's"),
        _p()),
    "SanitizeBoundingBoxes": (
        Field("min_size", "double", 1.0, 0, presence=True, doc="pixels"),
        Field("min_area", "double", 1.0, 0, presence=True,
              doc="square pixels")),
    "ToDtype": (
        Field("dtype", "DType", REQUIRED,
              doc="uint8, float32, float16 or bfloat16"),
        Field("scale", "bool", False, doc="maps 0..255 to 0..1")),
    "Normalize": (
        Field("mean", "double", REQUIRED, counts=(1, 3),
              doc="one for each channel"),
        Field("std", "double", REQUIRED, 0, counts=(1, 3),
              doc="one for each channel")),
    "OneHot": (
        Field("num_classes", "uint32", None, 1, presence=True,
              doc="None: the dataset's number of categories"),),
    "ColorJitter": (_jitter("brightness"), _jitter("contrast"),
                    _jitter("saturation"), _jitter("hue", 0.5)),
    "Grayscale": (),
    "RandomGrayscale": (_p(0.1),),
    "GaussianBlur": (
        Field("kernel_size", "uint32", REQUIRED, 1, counts=(1, 2),
              doc="odd; one value: a square; two: width, height"),
        Field("sigma", "double", (0.1, 2.0), 0, counts=(1, 2), ascending=True,
              doc="range of the standard deviation in pixels")),
    "RandomInvert": (_p(),),
    "RandomPosterize": (
        Field("bits", "uint32", REQUIRED, 0, 8, presence=True,
              doc="bits to keep of each value"),
        _p()),
    "RandomSolarize": (
        Field("threshold", "double", REQUIRED, 0, 256, presence=True,
              doc="values not below it are inverted"),
        _p()),
    "RandomAutocontrast": (_p(),),
    "RandomEqualize": (_p(),),
    "RandomAdjustSharpness": (
        Field("sharpness_factor", "double", REQUIRED, 0, presence=True,
              doc="0: blurred, 1: unchanged, 2: twice as sharp"),
        _p()),
    "RandomErasing": (
        _p(),
        _range("scale", (0.02, 0.33), 0, 1, "share of the image's area"),
        _range("ratio", (0.3, 3.3), 0, math.inf, "height / width"),
        Field("value", "double", 0, counts=(1, 3),
              doc="one, or one for each channel; \"random\": noise"),
        Field("random", "bool", False, doc="noise instead of `value`")),
    "RandAugment": (
        Field("num_ops", "uint32", 2, 0, presence=True, doc="changes, one "
              "after the other"),
        Field("magnitude", "uint32", 9, 0, presence=True,
              doc="of num_magnitude_bins: how strong"),
        _bins(), _interpolation("NEAREST"), _fill()),
    "TrivialAugmentWide": (_bins(), _interpolation("NEAREST"), _fill()),
    "AutoAugment": (
        Field("policy", "Policy", "IMAGENET", doc="IMAGENET, CIFAR10 or SVHN"),
        _interpolation("NEAREST"), _fill()),
    "LabelSmoothing": (
        Field("alpha", "double", 0.1, 0, 1, presence=True,
              doc="share given to all classes alike"),),
    "MixUp": (_ALPHA, _group(2)),
    "CutMix": (_ALPHA, _group(2)),
    "Mosaic": (_p(1.0), _group(4)),
    "CopyPaste": (_p(1.0), _group(2)),
    "BatchOptions": (
        Field("size", "uint32", REQUIRED, 1, 65536,
              doc="global batch size; the world size must divide it"),
        Field("remainder", "Remainder", "DROP",
              doc="DROP, or PAD the last batch, marked in \"valid\""),
        Field("layout", "Layout", "NHWC", doc="NHWC or NCHW"),
        Field("channels", "Channels", "CHANNELS_OF_DATASET",
              doc="RGB, GRAY, or what the dataset has"),
        Field("boxes", "bool", False, doc="sends boxes"),
        Field("masks", "bool", False, doc="sends masks; needs boxes"),
        Field("keypoints", "bool", False, doc="sends keypoints; needs boxes"),
        Field("ignore_orientation", "bool", False,
              doc="pixels as stored, whatever EXIF says"),
        Field("corrupt", "Corrupt", "FAIL",
              doc="FAIL, or MASK what cannot be read, in \"valid\""),
        Field("box_format", "BoxFormat", "XYXY", doc="XYXY, XYWH or CXCYWH"),
        Field("max_boxes", "uint32", None, 1, 10000,
              doc="None: ragged; else rows for each sample"),
        Field("mask_format", "MaskFormat", "DENSE",
              doc="DENSE or RUN_LENGTHS"),
        Field("scaled_decode", "bool", False,
              doc="decodes JPEGs at 1/2, 1/4 or 1/8 before the first resize; "
                  "changes pixels")),
    "Range": (Field("min", "double", presence=True),
              Field("max", "double", presence=True)),
    "ClassSet": (Field("names", "string", counts=None),
                 Field("subtrees", "string", counts=None),
                 Field("supercategories", "string", counts=None)),
    "ImageCondition": (Field("width", "Range"), Field("height", "Range"),
                       Field("aspect_ratio", "Range")),
    "AnnotationCondition": (
        Field("classes", "ClassSet"), Field("area", "Range"),
        Field("crowd", "bool", presence=True), Field("keypoints", "Range"),
        Field("at_least", "uint32", presence=True)),
    "Conditions": (Field("of", "Condition", counts=None),),
    "Condition": (Field("classes", "ClassSet"),
                  Field("image", "ImageCondition"),
                  Field("annotation", "AnnotationCondition"),
                  Field("all", "Conditions"), Field("any", "Conditions"),
                  Field("none", "Conditions")),
    "Selection": (Field("classes", "string", counts=None),
                  Field("keys", "string", counts=None),
                  Field("where", "Condition")),
    "WeightRule": (Field("where", "Condition"),
                   Field("weight", "double", presence=True)),
    "Sampler": (Field("order", "Order"),
                Field("weights", "WeightRule", counts=None),
                Field("positions", "uint64"),
                Field("aspect_edges", "double", counts=None)),
    "MixturePart": (Field("dataset", "string"), Field("selection", "Selection"),
                    Field("sampler", "Sampler"),
                    Field("weight", "uint32", presence=True)),
    "Mixture": (Field("weight", "uint32", presence=True),
                Field("parts", "MixturePart", counts=None),
                Field("positions", "uint64")),
    "Plan": (Field("dataset", "string"), Field("selection", "Selection"),
             Field("sampler", "Sampler"), Field("seed", "uint64"),
             Field("transforms", "Transform", counts=None),
             Field("batch", "BatchOptions"), Field("mixture", "Mixture")),
}

# Method of Plan = field of Transform -> its message.
TRANSFORMS: Dict[str, str] = {
    "resize": "Resize", "center_crop": "CenterCrop",
    "random_resized_crop": "RandomResizedCrop",
    "random_horizontal_flip": "RandomHorizontalFlip", "to_dtype": "ToDtype",
    "normalize": "Normalize", "one_hot": "OneHot",
    "random_vertical_flip": "RandomVerticalFlip", "pad": "Pad",
    "random_crop": "RandomCrop", "letter_box": "LetterBox",
    "scale_jitter": "ScaleJitter",
    "random_shortest_size": "RandomShortestSize",
    "random_rotation": "RandomRotation", "random_affine": "RandomAffine",
    "random_perspective": "RandomPerspective",
    "random_iou_crop": "RandomIoUCrop", "random_zoom_out": "RandomZoomOut",
    "sanitize_bounding_boxes": "SanitizeBoundingBoxes",
    "color_jitter": "ColorJitter", "grayscale": "Grayscale",
    "random_grayscale": "RandomGrayscale", "gaussian_blur": "GaussianBlur",
    "random_invert": "RandomInvert", "random_posterize": "RandomPosterize",
    "random_solarize": "RandomSolarize",
    "random_autocontrast": "RandomAutocontrast",
    "random_equalize": "RandomEqualize",
    "random_adjust_sharpness": "RandomAdjustSharpness",
    "random_erasing": "RandomErasing", "rand_augment": "RandAugment",
    "trivial_augment_wide": "TrivialAugmentWide",
    "auto_augment": "AutoAugment", "label_smoothing": "LabelSmoothing",
    "mix_up": "MixUp", "cut_mix": "CutMix", "mosaic": "Mosaic",
    "copy_paste": "CopyPaste",
}
MESSAGES["Transform"] = tuple(
    Field(name, message) for name, message in TRANSFORMS.items())

# --- Order of transforms, as pipeline/transform_rules.cc has it ---------------

MIXING = {"mix_up", "cut_mix", "mosaic", "copy_paste"}
# Nothing else that changes an image may follow these.
FINISHED = {"random_erasing", "one_hot", "label_smoothing"}
# Work on 8-bit values and on floats alike.
ANY_VALUES = (FINISHED | MIXING
              | {"random_horizontal_flip", "random_vertical_flip",
                 "sanitize_bounding_boxes", "to_dtype", "normalize"})
ONCE = {"to_dtype", "normalize", "one_hot", "label_smoothing"}


# --- Values -------------------------------------------------------------------

_WHOLE_MAX = {"uint32": 2**32 - 1, "uint64": 2**64 - 1}


def _whole(value: Any, kind: str) -> int:
    if isinstance(value, bool):
        raise TypeError("a whole number is wanted")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError("a whole number is wanted") from None
    if not 0 <= number <= _WHOLE_MAX[kind]:
        raise ValueError(f"a whole number of 0 to {_WHOLE_MAX[kind]} is wanted")
    return number


def _real(value: Any) -> float:
    if isinstance(value, (bool, str)):
        raise TypeError("a number is wanted")
    try:
        number = float(value)
    except TypeError:
        raise TypeError("a number is wanted") from None
    if not math.isfinite(number):
        raise ValueError("a finite number is wanted")
    return number


def _enum(value: Any, kind: str) -> str:
    """By name in any case, or torchvision's enums, or dtypes."""
    names = [name for name in ENUMS[kind] if not name.endswith("UNSPECIFIED")]
    if kind == "DType":
        names = list(IMAGE_DTYPES)
    inner = getattr(value, "value", value)
    text = inner if isinstance(inner, str) else getattr(value, "__name__",
                                                        str(value))
    text = text.rsplit(".", 1)[-1].upper()
    if text not in names:
        raise ValueError("use one of " + ", ".join(names))
    return text


def _one(field: Field, value: Any) -> Any:
    if field.type in _WHOLE_MAX:
        value = _whole(value, field.type)
    elif field.type == "double":
        value = _real(value)
    elif field.type == "bool":
        if not isinstance(value, bool):
            raise TypeError("True or False is wanted")
        return value
    elif field.type == "string":
        if not isinstance(value, str):
            raise TypeError("a str is wanted")
        return value
    else:
        return _enum(value, field.type)
    if not field.least <= value <= field.most:
        raise ValueError("out of range; give " + _bounds(field))
    return value


def _bounds(field: Field) -> str:
    if field.most == math.inf:
        return f"{field.least:g} or more"
    return f"{field.least:g} to {field.most:g}"


def _many(field: Field, value: Any) -> list:
    alone = isinstance(value, (numbers.Number, str))
    values = [value] if alone else list(value)
    if field.counts is not None and len(values) not in field.counts:
        counts = " or ".join(str(count) for count in field.counts)
        raise ValueError(f"has {len(values)} values; give {counts}")
    if not values:
        raise ValueError("is empty; give at least one value")
    values = [_one(field, one) for one in values]
    if field.ascending and values != sorted(values):
        raise ValueError("give the lower value first")
    return values


def read_value(where: str, field: Field, value: Any) -> Any:
    """The value of a field as a plan holds it; ValueError or TypeError, which
    name it: "random_resized_crop: scale (1, 0): give the lower value first"."""
    try:
        return _many(field, value) if field.repeated else _one(field, value)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{where}: {field.name} {value!r}: {error}") from None


def read_message(where: str, message: str,
                 arguments: Dict[str, Any]) -> Dict[str, Any]:
    """The fields that differ from "unset"; None means unset, which required
    ones cannot be."""
    fields = {field.name: field for field in MESSAGES[message]}
    for field in fields.values():
        if field.default is REQUIRED and arguments.get(field.name) is None:
            raise TypeError(f"{where}: {field.name} is None; give a value")
    return {name: read_value(where, fields[name], value)
            for name, value in arguments.items() if value is not None}
