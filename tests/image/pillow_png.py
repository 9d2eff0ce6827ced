"""Writes PNG files of every kind that Pillow can: the inputs of png_test.cc.

pillow_png.py DIR: each NAME.png comes with NAME.rgb, its pixels as RGB. Exits
with 77 where there is no Pillow.
"""

import pathlib
import random
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit(77)

SIZE = (37, 23)
KINDS = {"gray": "L", "bits": "1", "rgb": "RGB", "alpha": "RGBA",
         "gray_alpha": "LA"}

folder = pathlib.Path(sys.argv[1])
random.seed(7)
noise = Image.frombytes("RGBA", SIZE, random.randbytes(SIZE[0] * SIZE[1] * 4))


def save(name, image, **options):
    image.save(folder / f"{name}.png", **options)
    (folder / f"{name}.rgb").write_bytes(image.convert("RGB").tobytes())


for name, mode in KINDS.items():
    save(name, noise.convert(mode))
for colors in (2, 4, 16, 256):
    save(f"palette_{colors}", noise.convert("RGB").quantize(colors))
save("palette_clear", noise.convert("RGB").quantize(9), transparency=3)
save("gray_clear", noise.convert("L"), transparency=3)
