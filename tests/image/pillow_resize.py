"""Resizes with Pillow: the reference of resample_test.cc.

pillow_resize.py JOBS RESULTS: JOBS holds, for each job, ten little-endian
32-bit numbers (width, height, channels, new width, new height, Pillow's filter,
four borders of the box in eighths of a pixel) and the pixels. RESULTS gets the
resized pixels, one job after the other.
Exits with 77 where there is no Pillow.
"""

import struct
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit(77)

with open(sys.argv[1], "rb") as jobs, open(sys.argv[2], "wb") as results:
    while header := jobs.read(40):
        numbers = struct.unpack("<10i", header)
        width, height, channels, *size, filter_ = numbers[:6]
        box = [border / 8 for border in numbers[6:]]
        pixels = jobs.read(width * height * channels)
        mode = "L" if channels == 1 else "RGB"
        image = Image.frombytes(mode, (width, height), pixels)
        results.write(image.resize(size, filter_, box).tobytes())
