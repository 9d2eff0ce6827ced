"""torchvision's tables of augmentations and what they do to PIL images: the
reference of augmentations_test.cc.

torchvision_augment.py tables RESULTS: writes lines
  "SPACE WIDTH HEIGHT BINS NAME SIGNED MAGNITUDE ..." (or none), then
  "policy NAME (OP PROBABILITY BIN) x 2", BIN -1 for none.
torchvision_augment.py apply JOBS RESULTS: JOBS holds jobs of one line, "WIDTH
HEIGHT OP MAGNITUDE FILTER", and RGB pixels. RESULTS gets the pixels of each
job's output. Exits with 77 where there is no torchvision.
"""

import sys

try:
    from PIL import Image
    from torchvision.transforms import InterpolationMode, autoaugment
except ImportError:
    sys.exit(77)


def write_space(out, space, width, height, bins, table):
    for name, (magnitudes, signed) in table.items():
        values = magnitudes.tolist() if magnitudes.ndim > 0 else []
        print(space, width, height, bins, name, int(signed), *values, file=out)


def write_tables(out):
    for width, height in ((224, 224), (331, 662), (32, 17)):
        for bins in (2, 10, 11, 31):
            write_space(out, "rand", width, height, bins,
                        autoaugment.RandAugment()._augmentation_space(
                            bins, (height, width)))
            write_space(out, "trivial", width, height, bins,
                        autoaugment.TrivialAugmentWide()._augmentation_space(
                            bins))
        write_space(out, "auto", width, height, 10,
                    autoaugment.AutoAugment()._augmentation_space(
                        10, (height, width)))
    for policy in autoaugment.AutoAugmentPolicy:
        for pair in autoaugment.AutoAugment(policy).policies:
            words = [(name, p, -1 if bin is None else bin)
                     for name, p, bin in pair]
            print("policy", policy.name, *words[0], *words[1], file=out)


def apply(jobs, results):
    filters = {"NEAREST": InterpolationMode.NEAREST,
               "BILINEAR": InterpolationMode.BILINEAR}
    while header := jobs.readline().decode().split():
        size = (int(header[0]), int(header[1]))
        image = Image.frombytes("RGB", size, jobs.read(size[0] * size[1] * 3))
        image = autoaugment._apply_op(image, header[2], float(header[3]),
                                      filters[header[4]], [7, 77, 177])
        results.write(image.tobytes())


if sys.argv[1] == "tables":
    with open(sys.argv[2], "w") as out:
        write_tables(out)
else:
    with open(sys.argv[2], "rb") as jobs, open(sys.argv[3], "wb") as results:
        apply(jobs, results)
