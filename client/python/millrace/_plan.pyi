"""Made by _stub.py from the tables of _schema; do not edit."""

import inspect
import os
from typing import (Any, Dict, Iterable, Optional, Sequence, Tuple, Union)

from millrace.where import Condition

METHODS: Dict[str, str]

def signature_of(message: str) -> inspect.Signature: ...
def doc_of(name: str, message: str) -> str: ...

class Plan:
    """What a trainer wants: which samples, in what order, changed how, in what
    batches. A batch is a function of its plan, its step and nothing else.

        plan = (Plan("imagenet/train").shuffle(seed=1)
                .random_resized_crop(224).random_horizontal_flip()
                .to_dtype("float32", scale=True)
                .normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
                .batch(256))

    Every method gives a new plan and leaves this one as it is. Transforms have
    torchvision's names, parameters and defaults, in snake_case, and apply in
    the order that they are given in (docs/transforms.md). `str(plan)` is its
    text, for files and for the command line.

    Args:
        dataset: "coco/train2017" for the newest version, or
            "coco/train2017@VERSION".

    Raises:
        ValueError, TypeError: From every method, at once: what is wrong, of
            which argument, and what would be right. What needs the dataset to
            be known (its channels, its classes), the server says.
    """
    def __init__(self, dataset: str) -> None: ...
    @classmethod
    def from_text(cls, text: str, name: str = 'plan') -> "Plan": ...
    @classmethod
    def from_file(cls, path: Union[str, "os.PathLike[str]"]) -> "Plan": ...
    def to_dict(self) -> Dict[str, Any]: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    @property
    def dataset(self) -> str: ...
    def with_dataset(self, dataset: str) -> "Plan": ...
    def select(self, classes: Sequence[str] = (), keys: Sequence[str] = (),
        where: Optional[Condition] = None) -> "Plan": ...
    def seed(self, seed: int) -> "Plan": ...
    def sequential(self) -> "Plan": ...
    def shuffle(self, seed: Optional[int] = None) -> "Plan": ...
    def class_balanced(self, positions: int = 0,
        seed: Optional[int] = None) -> "Plan": ...
    def weighted(self, rules: Iterable[Tuple[Condition, float]],
        positions: int = 0, seed: Optional[int] = None) -> "Plan": ...
    def aspect_groups(self, *edges: float) -> "Plan": ...
    def mix(self, other: Union["Plan", str], weight: int = 1) -> "Plan": ...
    def mixture(self, weight: int = 1, positions: int = 0) -> "Plan": ...
    def check(self) -> None: ...
    def resize(self, size: Union[int, Sequence[int]],
        interpolation: Any = 'BILINEAR',
        max_size: Optional[int] = None) -> "Plan":
        """Adds Resize; see docs/transforms.md.

        Args:
            size: pixels; one value: the shorter side; two: height, width, 1 to
                8192
            interpolation: NEAREST, BILINEAR or BICUBIC
            max_size: cap of the longer side, 1 to 8192
        """
        ...
    def center_crop(self, size: Union[int, Sequence[int]]) -> "Plan":
        """Adds CenterCrop; see docs/transforms.md.

        Args:
            size: pixels; one value: a square; two: height, width, 1 to 8192
        """
        ...
    def random_resized_crop(self, size: Union[int, Sequence[int]],
        scale: Sequence[float] = (0.08, 1.0), ratio: Sequence[float] = (0.75,
        1.3333333333333333), interpolation: Any = 'BILINEAR') -> "Plan":
        """Adds RandomResizedCrop; see docs/transforms.md.

        Args:
            size: pixels; one value: a square; two: height, width, 1 to 8192
            scale: share of the image's area, 0 to 1
            ratio: width / height
            interpolation: NEAREST, BILINEAR or BICUBIC
        """
        ...
    def random_horizontal_flip(self, p: float = 0.5) -> "Plan":
        """Adds RandomHorizontalFlip; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
        """
        ...
    def to_dtype(self, dtype: Any, scale: bool = False) -> "Plan":
        """Adds ToDtype; see docs/transforms.md.

        Args:
            dtype: uint8, float32, float16 or bfloat16
            scale: maps 0..255 to 0..1
        """
        ...
    def normalize(self, mean: Union[float, Sequence[float]], std: Union[float,
        Sequence[float]]) -> "Plan":
        """Adds Normalize; see docs/transforms.md.

        Args:
            mean: one for each channel
            std: one for each channel
        """
        ...
    def one_hot(self, num_classes: Optional[int] = None) -> "Plan":
        """Adds OneHot; see docs/transforms.md.

        Args:
            num_classes: None: the dataset's number of categories
        """
        ...
    def random_vertical_flip(self, p: float = 0.5) -> "Plan":
        """Adds RandomVerticalFlip; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
        """
        ...
    def pad(self, padding: Union[int, Sequence[int]], fill: Union[int,
        Sequence[int]] = 0, padding_mode: Any = 'CONSTANT') -> "Plan":
        """Adds Pad; see docs/transforms.md.

        Args:
            padding: pixels; one value: all sides; two: left and right, top and
                bottom; four: left, top, right, bottom, 0 to 8192
            fill: one value, or one for each channel, 0 to 255
            padding_mode: CONSTANT, EDGE, REFLECT or SYMMETRIC
        """
        ...
    def random_crop(self, size: Union[int, Sequence[int]],
        padding: Optional[Union[int, Sequence[int]]] = None,
        pad_if_needed: bool = False, fill: Union[int, Sequence[int]] = 0,
        padding_mode: Any = 'CONSTANT') -> "Plan":
        """Adds RandomCrop; see docs/transforms.md.

        Args:
            size: pixels; one value: a square; two: height, width, 1 to 8192
            padding: pixels; one value: all sides; two: left and right, top and
                bottom; four: left, top, right, bottom, 0 to 8192
            pad_if_needed: pads a side that is too short; else the stream fails
            fill: one value, or one for each channel, 0 to 255
            padding_mode: CONSTANT, EDGE, REFLECT or SYMMETRIC
        """
        ...
    def letter_box(self, size: Union[int, Sequence[int]], fill: Union[int,
        Sequence[int]] = 114, interpolation: Any = 'BILINEAR') -> "Plan":
        """Adds LetterBox; see docs/transforms.md.

        Args:
            size: pixels; one value: a square; two: height, width, 1 to 8192
            fill: one value, or one for each channel, 0 to 255
            interpolation: NEAREST, BILINEAR or BICUBIC
        """
        ...
    def scale_jitter(self, target_size: Union[int, Sequence[int]],
        scale_range: Sequence[float] = (0.1, 2.0),
        interpolation: Any = 'BILINEAR') -> "Plan":
        """Adds ScaleJitter; see docs/transforms.md.

        Args:
            target_size: pixels; one value: a square; two: height, width, 1 to
                8192
            scale_range: factors
            interpolation: NEAREST, BILINEAR or BICUBIC
        """
        ...
    def random_shortest_size(self, min_size: Union[int, Sequence[int]],
        max_size: Optional[int] = None,
        interpolation: Any = 'BILINEAR') -> "Plan":
        """Adds RandomShortestSize; see docs/transforms.md.

        Args:
            min_size: pixels; the sizes to draw from, 1 to 8192
            max_size: cap of the longer side, 1 to 8192
            interpolation: NEAREST, BILINEAR or BICUBIC
        """
        ...
    def random_rotation(self, degrees: Union[float, Sequence[float]],
        interpolation: Any = 'NEAREST', expand: bool = False,
        center: Optional[Sequence[float]] = None, fill: Union[int,
        Sequence[int]] = 0) -> "Plan":
        """Adds RandomRotation; see docs/transforms.md.

        Args:
            degrees: the range; one value d: -d to d, -36000 to 36000
            interpolation: NEAREST, BILINEAR or BICUBIC
            expand: holds the whole rotated image
            center: x, y in pixels; None: the image's centre
            fill: one value, or one for each channel, 0 to 255
        """
        ...
    def random_affine(self, degrees: Union[float, Sequence[float]],
        translate: Optional[Sequence[float]] = None,
        scale: Optional[Sequence[float]] = None, shear: Optional[Union[float,
        Sequence[float]]] = None, interpolation: Any = 'NEAREST',
        fill: Union[int, Sequence[int]] = 0,
        center: Optional[Sequence[float]] = None) -> "Plan":
        """Adds RandomAffine; see docs/transforms.md.

        Args:
            degrees: the range; one value d: -d to d, -36000 to 36000
            translate: shares of width and height that it may move, 0 to 1
            scale: factors
            shear: degrees; one value s: x from -s to s; two: the range of x;
                four: the ranges of x and y, -90 to 90
            interpolation: NEAREST, BILINEAR or BICUBIC
            fill: one value, or one for each channel, 0 to 255
            center: x, y in pixels; None: the image's centre
        """
        ...
    def random_perspective(self, distortion_scale: float = 0.5, p: float = 0.5,
        interpolation: Any = 'BILINEAR', fill: Union[int,
        Sequence[int]] = 0) -> "Plan":
        """Adds RandomPerspective; see docs/transforms.md.

        Args:
            distortion_scale: how far corners move towards the centre, 0 to 1
            p: probability, 0 to 1
            interpolation: NEAREST, BILINEAR or BICUBIC
            fill: one value, or one for each channel, 0 to 255
        """
        ...
    def random_iou_crop(self, min_scale: float = 0.3, max_scale: float = 1.0,
        min_aspect_ratio: float = 0.5, max_aspect_ratio: float = 2.0,
        sampler_options: Union[float, Sequence[float]] = (0.0, 0.1, 0.3, 0.5,
        0.7, 0.9, 1.0), trials: int = 40) -> "Plan":
        """Adds RandomIoUCrop; see docs/transforms.md.

        Args:
            min_scale: of the crop's sides to the image's, 0 to 1
            max_scale: double, 0 to 1
            min_aspect_ratio: width / height
            max_aspect_ratio: double
            sampler_options: IoU to some box; 1: leave the image
            trials: for each option drawn
        """
        ...
    def random_zoom_out(self, fill: Union[int, Sequence[int]] = 0,
        side_range: Sequence[float] = (1.0, 4.0), p: float = 0.5) -> "Plan":
        """Adds RandomZoomOut; see docs/transforms.md.

        Args:
            fill: one value, or one for each channel, 0 to 255
            side_range: of the canvas's sides to the image's
            p: probability, 0 to 1
        """
        ...
    def sanitize_bounding_boxes(self, min_size: float = 1.0,
        min_area: float = 1.0) -> "Plan":
        """Adds SanitizeBoundingBoxes; see docs/transforms.md.

        Args:
            min_size: pixels
            min_area: square pixels
        """
        ...
    def color_jitter(self, brightness: Optional[Union[float,
        Sequence[float]]] = None, contrast: Optional[Union[float,
        Sequence[float]]] = None, saturation: Optional[Union[float,
        Sequence[float]]] = None, hue: Optional[Union[float,
        Sequence[float]]] = None) -> "Plan":
        """Adds ColorJitter; see docs/transforms.md.

        Args:
            brightness: one value: how far from unchanged; two: the range
            contrast: one value: how far from unchanged; two: the range
            saturation: one value: how far from unchanged; two: the range
            hue: one value: how far from unchanged; two: the range, -0.5 to 0.5
        """
        ...
    def grayscale(self) -> "Plan":
        """Adds Grayscale; see docs/transforms.md.
        """
        ...
    def random_grayscale(self, p: float = 0.1) -> "Plan":
        """Adds RandomGrayscale; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
        """
        ...
    def gaussian_blur(self, kernel_size: Union[int, Sequence[int]],
        sigma: Union[float, Sequence[float]] = (0.1, 2.0)) -> "Plan":
        """Adds GaussianBlur; see docs/transforms.md.

        Args:
            kernel_size: odd; one value: a square; two: width, height
            sigma: range of the standard deviation in pixels
        """
        ...
    def random_invert(self, p: float = 0.5) -> "Plan":
        """Adds RandomInvert; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
        """
        ...
    def random_posterize(self, bits: int, p: float = 0.5) -> "Plan":
        """Adds RandomPosterize; see docs/transforms.md.

        Args:
            bits: bits to keep of each value, 0 to 8
            p: probability, 0 to 1
        """
        ...
    def random_solarize(self, threshold: float, p: float = 0.5) -> "Plan":
        """Adds RandomSolarize; see docs/transforms.md.

        Args:
            threshold: values not below it are inverted, 0 to 256
            p: probability, 0 to 1
        """
        ...
    def random_autocontrast(self, p: float = 0.5) -> "Plan":
        """Adds RandomAutocontrast; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
        """
        ...
    def random_equalize(self, p: float = 0.5) -> "Plan":
        """Adds RandomEqualize; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
        """
        ...
    def random_adjust_sharpness(self, sharpness_factor: float,
        p: float = 0.5) -> "Plan":
        """Adds RandomAdjustSharpness; see docs/transforms.md.

        Args:
            sharpness_factor: 0: blurred, 1: unchanged, 2: twice as sharp
            p: probability, 0 to 1
        """
        ...
    def random_erasing(self, p: float = 0.5, scale: Sequence[float] = (0.02,
        0.33), ratio: Sequence[float] = (0.3, 3.3), value: Union[float,
        Sequence[float], str] = 0, random: bool = False) -> "Plan":
        """Adds RandomErasing; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
            scale: share of the image's area, 0 to 1
            ratio: height / width
            value: one, or one for each channel; "random": noise
            random: noise instead of `value`
        """
        ...
    def rand_augment(self, num_ops: int = 2, magnitude: int = 9,
        num_magnitude_bins: int = 31, interpolation: Any = 'NEAREST',
        fill: Union[int, Sequence[int]] = 0) -> "Plan":
        """Adds RandAugment; see docs/transforms.md.

        Args:
            num_ops: changes, one after the other
            magnitude: of num_magnitude_bins: how strong
            num_magnitude_bins: steps of strength, 2 to 1000
            interpolation: NEAREST, BILINEAR or BICUBIC
            fill: one value, or one for each channel, 0 to 255
        """
        ...
    def trivial_augment_wide(self, num_magnitude_bins: int = 31,
        interpolation: Any = 'NEAREST', fill: Union[int,
        Sequence[int]] = 0) -> "Plan":
        """Adds TrivialAugmentWide; see docs/transforms.md.

        Args:
            num_magnitude_bins: steps of strength, 2 to 1000
            interpolation: NEAREST, BILINEAR or BICUBIC
            fill: one value, or one for each channel, 0 to 255
        """
        ...
    def auto_augment(self, policy: Any = 'IMAGENET',
        interpolation: Any = 'NEAREST', fill: Union[int,
        Sequence[int]] = 0) -> "Plan":
        """Adds AutoAugment; see docs/transforms.md.

        Args:
            policy: IMAGENET, CIFAR10 or SVHN
            interpolation: NEAREST, BILINEAR or BICUBIC
            fill: one value, or one for each channel, 0 to 255
        """
        ...
    def label_smoothing(self, alpha: float = 0.1) -> "Plan":
        """Adds LabelSmoothing; see docs/transforms.md.

        Args:
            alpha: share given to all classes alike, 0 to 1
        """
        ...
    def mix_up(self, alpha: float = 1.0, group: int = 2) -> "Plan":
        """Adds MixUp; see docs/transforms.md.

        Args:
            alpha: of the Beta distribution; 1: uniform
            group: neighbouring positions that mix; divides the batch of each
                rank, 2 to 65536
        """
        ...
    def cut_mix(self, alpha: float = 1.0, group: int = 2) -> "Plan":
        """Adds CutMix; see docs/transforms.md.

        Args:
            alpha: of the Beta distribution; 1: uniform
            group: neighbouring positions that mix; divides the batch of each
                rank, 2 to 65536
        """
        ...
    def mosaic(self, p: float = 1.0, group: int = 4) -> "Plan":
        """Adds Mosaic; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
            group: neighbouring positions that mix; divides the batch of each
                rank, 2 to 65536
        """
        ...
    def copy_paste(self, p: float = 1.0, group: int = 2) -> "Plan":
        """Adds CopyPaste; see docs/transforms.md.

        Args:
            p: probability, 0 to 1
            group: neighbouring positions that mix; divides the batch of each
                rank, 2 to 65536
        """
        ...
    def batch(self, size: int, remainder: Any = 'DROP', layout: Any = 'NHWC',
        channels: Any = 'CHANNELS_OF_DATASET', boxes: bool = False,
        masks: bool = False, keypoints: bool = False,
        ignore_orientation: bool = False, corrupt: Any = 'FAIL',
        box_format: Any = 'XYXY', max_boxes: Optional[int] = None,
        mask_format: Any = 'DENSE', scaled_decode: bool = False) -> "Plan":
        """How batches are made.

        Args:
            size: global batch size; the world size must divide it, 1 to 65536
            remainder: DROP, or PAD the last batch, marked in "valid"
            layout: NHWC or NCHW
            channels: RGB, GRAY, or what the dataset has
            boxes: sends boxes
            masks: sends masks; needs boxes
            keypoints: sends keypoints; needs boxes
            ignore_orientation: pixels as stored, whatever EXIF says
            corrupt: FAIL, or MASK what cannot be read, in "valid"
            box_format: XYXY, XYWH or CXCYWH
            max_boxes: None: ragged; else rows for each sample, 1 to 10000
            mask_format: DENSE or RUN_LENGTHS
            scaled_decode: decodes JPEGs at 1/2, 1/4 or 1/8 before the first
                resize; changes pixels
        """
        ...
