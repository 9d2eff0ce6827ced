"""Where the CPU time of a training crop goes, by samples of `perf`: in one
process without a wire, and in server and client of a stream over loopback."""
import collections
import os
import re
import subprocess
import sys

import contenders

# The first that fits a sample's library and function names its stage.
STAGES = (
    ("entropy decoding", r"EntropyLanes|DecodeEntropy|DecodeSegments"
                         r"|::Decoder::|HuffmanDecoder::Resolve"),
    ("tiles, stuffing, Huffman tables", r"BaselineScan|HuffmanDecoder"
                                        r"|JpegLayout|Unstuff"),
    ("inverse transform", r"InverseDct"),
    ("upsampling and colour", r"YccToRgb|Upsample|ConvertRow|ChromaRow"
                              r"|BaselineDecoder|BaselineRows"),
    ("resize", r"Blend|Picked|Strip|Taps|TapTable|Resize"),
    ("flip and batch", r"Pack|FlipRow|Assembly"),
    ("store: RocksDB, checksums", r"rocksdb|xxhash|Record"),
    ("client's copy out of gRPC", r"StreamCopy"),
    ("gRPC, protobuf", r"libgrpc|libgpr|libprotobuf|absl"),
    ("kernel: copies", r"kernel.*(_copy_|copy_user|copy_page|rep_movs)"),
    ("kernel: all else", r"kernel"),
    ("all else", r""),
)
FREQUENCY = 1999
LINE = re.compile(r"\s*([\d.]+)%\s+(\S+)\s+\[.\]\s+(.*)")


def is_installed():
    try:
        return subprocess.run(["perf", "record", "-o", os.devnull, "true"],
                              capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def read(file):
    """(stage -> share of the samples, microseconds of CPU) of perf's file."""
    report = subprocess.run(
        ["perf", "report", "-i", file, "--stdio", "--sort", "dso,symbol"],
        text=True, capture_output=True, check=True).stdout
    sums = collections.Counter()
    for line in report.splitlines():
        if found := LINE.match(line):
            text = f"{found[2]} {found[3]}"
            stage = next(name for name, pattern in STAGES
                         if re.search(pattern, text))
            sums[stage] += float(found[1])
    total = sum(sums.values())
    nanoseconds = int(re.search(r"# Event count .*: (\d+)", report)[1])
    return {name: value / total for name, value in sums.items()}, (
        nanoseconds / 1e3)


def record(file, *target):
    return [str(part) for part in ("perf", "record", "-q", "-e", "cpu-clock",
                                   "-F", FREQUENCY, "-o", file, *target)]


def scaled(shares, microseconds):
    return {name: share * microseconds for name, share in shares.items()}


def measure(bench):
    """(column, stage -> microseconds of CPU an image) of each process."""
    folder = bench.data_dir
    plan = contenders.PLANS / "imagenet_train.textproto"
    alone, served, pulled = (folder / f"{name}.perf"
                             for name in ("alone", "served", "pulled"))
    result = contenders.run_json(
        *record(alone, "--", contenders.BIN / "inprocess", "--data-dir", folder,
                "--plan", plan, "--seconds", bench.seconds))
    yield "in process", scaled(read(alone)[0],
                               1e6 / result["images_per_cpu_second"])

    with subprocess.Popen(record(served, "-p", bench.pid)) as watch:
        result = contenders.run_json(
            *record(pulled, "--", *bench.pull_command(plan,
                                                      40 * bench.seconds)))
        watch.terminate()
    for name, file in (("server", served), ("client", pulled)):
        shares, microseconds = read(file)
        yield name, scaled(shares, microseconds / result["images"])


def show(bench):
    if not is_installed():
        print("bench: perf is not there, or may not look: no stages",
              file=sys.stderr)
        return
    columns = dict(measure(bench))
    print("\nmicroseconds of CPU a training crop, by perf")
    print("  " + "".join([" " * 32, *(f"{name:>12}" for name in columns)]))
    for stage, _ in STAGES:
        values = [column.get(stage, 0) for column in columns.values()]
        print(f"  {stage:32}" + "".join(f"{value:12.1f}" for value in values))
    totals = [sum(column.values()) for column in columns.values()]
    print(f"  {'all':32}" + "".join(f"{value:12.1f}" for value in totals))
