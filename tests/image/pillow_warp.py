"""Warps with Pillow: the reference of warp_test.cc.

pillow_warp.py JOBS RESULTS: JOBS holds, for each job, nine little-endian 32-bit
numbers (width, height, channels, new width, new height, Pillow's filter, three
of fill), eight doubles (Pillow's coefficients; the last two 0: affine) and the
pixels. RESULTS gets the warped pixels, one job after the other. Exits with 77
where there is no Pillow.
"""

import struct
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit(77)

with open(sys.argv[1], "rb") as jobs, open(sys.argv[2], "wb") as results:
    while header := jobs.read(100):
        width, height, channels, *size, filter_, r, g, b = struct.unpack(
            "<9i", header[:36])
        data = struct.unpack("<8d", header[36:])
        pixels = jobs.read(width * height * channels)
        mode, fill = ("L", r) if channels == 1 else ("RGB", (r, g, b))
        image = Image.frombytes(mode, (width, height), pixels)
        method = Image.Transform.PERSPECTIVE
        if data[6:] == (0, 0):
            method, data = Image.Transform.AFFINE, data[:6]
        warped = image.transform(tuple(size), method, data, filter_,
                                 fillcolor=fill)
        results.write(warped.tobytes())
