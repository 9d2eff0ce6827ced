"""Resizes and crops with Pillow, as torchvision does: the reference of
torchvision_test.cc.

torchvision_geometry.py JOBS RESULTS: JOBS holds jobs of one line, "WIDTH HEIGHT
OP ...", and the RGB pixels after it. An op is "resize:S", "resize:H:W",
"resize:S:max=M" or "crop:H:W". RESULTS gets the pixels of each job's output.
Where torchvision is installed its own functions must agree. Exits with 77
where there is no Pillow.
"""

import sys

try:
    from PIL import Image
except ImportError:
    sys.exit(77)
try:
    from torchvision.transforms import functional
except ImportError:
    functional = None


def resized(image, size, max_size):
    if len(size) == 2:
        return image.resize((size[1], size[0]), Image.BILINEAR)
    width, height = image.size
    short, long = sorted((width, height))
    new_short, new_long = size[0], int(size[0] * long / short)
    if max_size is not None and new_long > max_size:
        new_short, new_long = int(max_size * new_short / new_long), max_size
    new = (new_short, new_long) if width <= height else (new_long, new_short)
    return image if new == image.size else image.resize(new, Image.BILINEAR)


def cropped(image, height, width):
    left = -((width - image.width) // 2) if width > image.width else int(
        round((image.width - width) / 2.0))
    top = -((height - image.height) // 2) if height > image.height else int(
        round((image.height - height) / 2.0))
    return image.crop((left, top, left + width, top + height))


def apply(image, op):
    name, *values = op.split(":")
    max_size = None
    if values[-1].startswith("max="):
        max_size = int(values.pop()[4:])
    values = [int(value) for value in values]
    if name == "resize":
        result = resized(image, values, max_size)
        if functional:
            theirs = functional.resize(image, values, max_size=max_size)
    else:
        result = cropped(image, *values)
        if functional:
            theirs = functional.center_crop(image, values)
    if functional and theirs.tobytes() != result.tobytes():
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
