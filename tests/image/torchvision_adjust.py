"""Changes colours with torchvision's functions on PIL images: the reference of
adjust_test.cc.

torchvision_adjust.py JOBS RESULTS: JOBS holds jobs of one line, "WIDTH HEIGHT
CHANNELS OP VALUE ...", and the pixels after it. RESULTS gets the pixels of each
job's output. Exits with 77 where there is no torchvision.
"""

import sys

try:
    from PIL import Image
    from torchvision.transforms import functional
except ImportError:
    sys.exit(77)

OPS = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
    "hue": functional.adjust_hue,
    "sharpness": functional.adjust_sharpness,
    "solarize": functional.solarize,
    "posterize": lambda image, bits: functional.posterize(image, int(bits)),
    "grayscale": lambda image: functional.to_grayscale(
        image, 3 if image.mode == "RGB" else 1),
    "invert": functional.invert,
    "autocontrast": functional.autocontrast,
    "equalize": functional.equalize,
    "blur": lambda image, x, y, sigma: functional.gaussian_blur(
        image, [int(x), int(y)], [sigma, sigma]),
}

with open(sys.argv[1], "rb") as jobs, open(sys.argv[2], "wb") as results:
    while header := jobs.readline().decode().split():
        width, height, channels = map(int, header[:3])
        image = Image.frombytes("L" if channels == 1 else "RGB",
                                (width, height),
                                jobs.read(width * height * channels))
        values = map(float, header[4:])
        results.write(OPS[header[3]](image, *values).tobytes())
