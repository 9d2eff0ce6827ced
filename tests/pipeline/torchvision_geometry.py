"""Resizes, crops, pads and warps with Pillow, as torchvision does: the
reference of torchvision_test.cc.

torchvision_geometry.py JOBS RESULTS: JOBS holds jobs of one line, "WIDTH HEIGHT
OP ...", and the RGB pixels after it. An op is a name and its values, see OPS:
"resize:S", "resize:H:W", "resize:S:max=M", "crop:H:W", "pad:L:T:R:B:MODE:FILL",
"letter_box:H:W", "rotate:DEGREES:EXPAND:FILTER:FILL" or
"affine:DEGREES:SCALE:SHEAR_X:SHEAR_Y:FILTER:FILL". RESULTS gets the pixels of
each job's output. Where torchvision is installed its own functions must agree.
Exits with 77 where there is no Pillow or no NumPy.
"""

import math
import sys

try:
    import numpy
    from PIL import Image
except ImportError:
    sys.exit(77)
try:
    from torchvision.transforms import functional
except ImportError:
    functional = None


FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR,
           "bicubic": Image.BICUBIC}


def resize(image, *size):
    max_size = None
    if size[-1].startswith("max="):
        max_size = int(size[-1][4:])
        size = size[:-1]
    size = [int(side) for side in size]
    theirs = functional and functional.resize(image, size, max_size=max_size)
    if len(size) == 2:
        return image.resize((size[1], size[0]), Image.BILINEAR), theirs
    width, height = image.size
    short, long = sorted((width, height))
    new_short, new_long = size[0], int(size[0] * long / short)
    if max_size is not None and new_long > max_size:
        new_short, new_long = int(max_size * new_short / new_long), max_size
    new = (new_short, new_long) if width <= height else (new_long, new_short)
    if new != image.size:
        image = image.resize(new, Image.BILINEAR)
    return image, theirs


def crop(image, height, width):
    height, width = int(height), int(width)
    left = -((width - image.width) // 2) if width > image.width else int(
        round((image.width - width) / 2.0))
    top = -((height - image.height) // 2) if height > image.height else int(
        round((image.height - height) / 2.0))
    theirs = functional and functional.center_crop(image, [height, width])
    return image.crop((left, top, left + width, top + height)), theirs


def pad(image, left, top, right, bottom, mode, fill):
    left, top, right, bottom = (int(v) for v in (left, top, right, bottom))
    values = {"constant_values": int(fill)} if mode == "constant" else {}
    array = numpy.pad(numpy.asarray(image),
                      ((top, bottom), (left, right), (0, 0)), mode, **values)
    theirs = functional and functional.pad(
        image, [left, top, right, bottom], int(fill), mode)
    return Image.fromarray(array), theirs


def letter_box(image, height, width):
    height, width = int(height), int(width)
    factor = min(height / image.height, width / image.width)
    new = (max(1, round(image.width * factor)),
           max(1, round(image.height * factor)))
    canvas = Image.new("RGB", (width, height), (114, 114, 114))
    canvas.paste(image.resize(new, Image.BILINEAR),
                 ((width - new[0]) // 2, (height - new[1]) // 2))
    return canvas, None


def rotate(image, degrees, expand, filter_, fill):
    fill = (int(fill),) * 3
    theirs = functional and functional.rotate(
        image, float(degrees), functional.InterpolationMode(filter_),
        expand == "1", fill=fill)
    return image.rotate(float(degrees), FILTERS[filter_], expand == "1",
                        fillcolor=fill), theirs


def affine(image, degrees, scale, shear_x, shear_y, filter_, fill):
    fill = (int(fill),) * 3
    theirs = functional and functional.affine(
        image, float(degrees), [0, 0], float(scale),
        [float(shear_x), float(shear_y)],
        functional.InterpolationMode(filter_), fill)
    angle, shear_x, shear_y = (
        math.radians(float(v)) for v in (degrees, shear_x, shear_y))
    a = math.cos(angle - shear_y) / math.cos(shear_y)
    b = (-math.cos(angle - shear_y) * math.tan(shear_x) / math.cos(shear_y)
         - math.sin(angle))
    c = math.sin(angle - shear_y) / math.cos(shear_y)
    d = (-math.sin(angle - shear_y) * math.tan(shear_x) / math.cos(shear_y)
         + math.cos(angle))
    a, b, c, d = (v / float(scale) for v in (d, -b, -c, a))
    x, y = image.width * 0.5, image.height * 0.5
    data = (a, b, a * -x + b * -y + x, c, d, c * -x + d * -y + y)
    return image.transform(image.size, Image.AFFINE, data, FILTERS[filter_],
                           fillcolor=fill), theirs


OPS = {op.__name__: op
       for op in (resize, crop, pad, letter_box, rotate, affine)}


def apply(image, op):
    name, *values = op.split(":")
    result, theirs = OPS[name](image, *values)
    if theirs and theirs.tobytes() != result.tobytes():
        sys.exit(f"torchvision differs at {op} of {image.size}")
    return result


with open(sys.argv[1], "rb") as jobs, open(sys.argv[2], "wb") as results:
    while header := jobs.readline().decode().split():
        size = (int(header[0]), int(header[1]))
        image = Image.frombytes("RGB", size, jobs.read(size[0] * size[1] * 3))
        for op in header[2:]:
            image = apply(image, op)
        results.write(image.tobytes())
print("compared with", "torchvision" if functional else "Pillow alone")
