"""Resizes with Pillow: the reference of resample_test.cc.

pillow_resize.py JOBS RESULTS: JOBS holds, for each job, six little-endian
32-bit numbers (width, height, channels, new width, new height, Pillow's filter)
and the pixels. RESULTS gets the resized pixels, one job after the other.
Exits with 77 where there is no Pillow.
"""

import struct
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit(77)

with open(sys.argv[1], "rb") as jobs, open(sys.argv[2], "wb") as results:
    while header := jobs.read(24):
        width, height, channels, *size, filter_ = struct.unpack("<6i", header)
        pixels = jobs.read(width * height * channels)
        mode = "L" if channels == 1 else "RGB"
        image = Image.frombytes(mode, (width, height), pixels)
        results.write(image.resize(tuple(size), filter_).tobytes())
