"""Measures Millrace against its peers, in one run on this machine.

Each round measures every contender once, one after the other; a row's value is
the median over the rounds, so that noise of the machine hits all alike.

Inputs: --data, laid out as the real sets are: imagenet-sample/train, mnist.
Peers and limits: libjpeg-turbo decoding whole files in a bare loop on all
cores; torchvision's DataLoader with 2 workers (Debian's python3-torchvision);
iperf3; pread from one flat file; cp. Rows whose peer is not installed are left
out. For MNIST, torchvision does what its users write, ToTensor and Normalize;
Millrace sends uint8, and the trainer scales, but for torch_mnist: there both
give the same float tensors.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import contenders
import stages

ROWS = {
    # name: (contender, against, unit)
    "imagenet_train_inprocess_vs_bare": ("inprocess", "bare", "ratio"),
    "imagenet_train_loopback_vs_bare": ("loopback", "bare", "ratio"),
    "imagenet_train_loopback_vs_torchvision":
        ("loopback", "torchvision", "ratio"),
    "mnist_loopback_images_per_s": ("mnist_loopback", None, "images/s"),
    "mnist_loopback_vs_torchvision":
        ("mnist_loopback", "mnist_torchvision", "ratio"),
    "transport_vs_iperf3": ("transport", "iperf3", "ratio"),
    "storage_read_vs_pread": ("storage_read", "pread", "ratio"),
    "ingest_imagenet_images_per_s_per_core":
        ("ingest_imagenet_per_core", None, "images/s"),
    "ingest_imagenet_vs_cp": ("ingest_imagenet", "cp_imagenet", "ratio"),
    "ingest_mnist_samples_per_s": ("ingest_mnist", None, "samples/s"),
    "tile_bytes_growth": ("tile_growth", None, "ratio"),
    "shared_jobs_cpu_ratio": ("one_plan_cpu", "four_plans_cpu", "ratio"),
    "peak_rss_over_budget_mb": ("rss_over_budget", None, "MB"),
    "resume_far_step_ms": ("resume_far", None, "ms"),
    "straggler_p99_ratio": ("straggler_p99", "healthy_p99", "ratio"),
    "fairness_64_clients": ("fairness_64", None, "ratio"),
    "fairness_64_rss_over_budget_mb": ("fairness_64_rss", None, "MB"),
    "client_cpu_s_per_gb": ("client_cpu", None, "s/GB"),
    "python_vs_cpp_rate": ("python_transport", "transport", "ratio"),
    "torch_mnist_vs_dataloader": ("torch_mnist", "mnist_torchvision", "ratio"),
    "decode_crop_vs_libjpeg_tiles":
        ("decode_crop", "decode_crop_libjpeg_tiles", "ratio"),
    "decode_crop_vs_libjpeg_full":
        ("decode_crop", "decode_libjpeg_full", "ratio"),
    "decode_full_vs_libjpeg": ("decode_full", "decode_libjpeg_full", "ratio"),
    "decode_crop_scalar_vs_libjpeg_tiles":
        ("decode_crop_scalar", "decode_crop_libjpeg_tiles", "ratio"),
    "decode_crop_scalar_vs_libjpeg_full":
        ("decode_crop_scalar", "decode_libjpeg_full", "ratio"),
    "decode_full_scalar_vs_libjpeg":
        ("decode_full_scalar", "decode_libjpeg_full", "ratio"),
    "decode_exact_images": ("decode_exact", None, "ratio"),
}


def is_installed(contender):
    command = contenders.PEERS.get(contender)
    if command is None or subprocess.run(command, capture_output=True,
                                         check=False).returncode == 0:
        return True
    print(f"bench: {contender} is not installed (scripts/setup.sh --peers); "
          "rows against it are left out", file=sys.stderr)
    return False


def measure(bench, names, rounds):
    """Name of each contender that the rows need -> one value a round."""
    needed = dict.fromkeys(part for name in names for part in ROWS[name][:2]
                           if part)
    samples = {name: [] for name in needed if is_installed(name)}
    for number in range(rounds):
        for name, values in samples.items():
            values.append(getattr(bench, name)())
            print(f"round {number + 1}/{rounds} {line(name, values[-1])}",
                  file=sys.stderr, flush=True)
    return samples


def line(name, value):
    digits = 0 if value >= 100 else 3
    unit = contenders.UNITS.get(name, "images/s")
    return f"{name:26} {value:14,.{digits}f} {unit}"


def rows_of(samples, names):
    rows = []
    for name in names:
        contender, against, unit = ROWS[name]
        if contender not in samples or against not in (None, *samples):
            continue
        values = samples[contender]
        if against:
            values = [a / b for a, b in zip(values, samples[against])]
        rows.append({"name": name, "value": statistics.median(values),
                     "unit": unit})
    return rows


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file
                      if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get(
        "MILLRACE_TEST_DATA", contenders.ROOT / "../shared/data"))
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS),
                        metavar="NAME", help="rows: " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5,
                        help="of each measurement, about")
    parser.add_argument("--no-stages", action="store_true",
                        help="without the table of where the time goes")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write the rows as [{name, value, unit}]")
    args = parser.parse_args()
    if not (args.data / "imagenet-sample").is_dir():
        sys.exit(f"bench: no imagenet-sample in {args.data}: give --data")

    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as folder:
        data_dir = pathlib.Path(folder)
        with contenders.server(data_dir) as (endpoint, pid):
            bench = contenders.Bench(args.data, data_dir, endpoint, pid,
                                     args.seconds)
            bench.prepare()
            samples = measure(bench, args.only, args.rounds)
            print(f"\n{machine()}; medians of {args.rounds} rounds")
            for name, values in samples.items():
                print(f"  {line(name, statistics.median(values))}")
            rows = rows_of(samples, args.only)
            for row in rows:
                print(f"  {row['name']:42} {row['value']:12,.3f} {row['unit']}")
            if not args.no_stages:
                stages.show(bench)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n",
                             encoding="utf-8")


if __name__ == "__main__":
    main()
