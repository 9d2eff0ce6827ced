"""Measures Millrace against its peers, in one run on this machine.

Each round measures every contender once, one after the other; a row's value is
the median over the rounds, so that noise of the machine hits all alike.

Inputs: --data, laid out as the real sets are: imagenet-sample/train, mnist.
Peers: libjpeg-turbo decoding whole files in a bare loop on all cores;
torchvision's DataLoader with 2 workers (Debian's python3-torchvision; rows
that need it are left out without).
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
PLANS = ROOT / "examples/plans"
PYTHON = "/usr/bin/python3"

ROWS = {
    # name: (contender, against, unit)
    "imagenet_train_inprocess_vs_bare": ("inprocess", "bare", "ratio"),
    "imagenet_train_loopback_vs_bare": ("loopback", "bare", "ratio"),
    "imagenet_train_loopback_vs_torchvision":
        ("loopback", "torchvision", "ratio"),
    "mnist_loopback_images_per_s": ("mnist_loopback", None, "images/s"),
    "mnist_loopback_vs_torchvision":
        ("mnist_loopback", "mnist_torchvision", "ratio"),
    "shared_jobs_cpu_ratio": ("one_plan_cpu", "four_plans_cpu", "ratio"),
}
# What contenders measure, where it is not images/s.
UNITS = {
    "one_plan_cpu": "ms/batch",
    "four_plans_cpu": "ms/batch",
}


def run_json(*command):
    """Runs a command and returns what it prints, parsed."""
    done = subprocess.run([str(part) for part in command], text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout)


@contextlib.contextmanager
def server(data_dir):
    """A millraced over `data_dir`; yields its endpoint and process id."""
    process = subprocess.Popen(
        [BIN / "millraced", "--data-dir", data_dir, "--listen", "127.0.0.1:0",
         "--metrics-listen", ""], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        port = re.search(r'"millraced started".* port=(\d+)', line)
        if not port:
            sys.exit(f"bench: millraced did not start: {line}")
        # Nobody reads the rest of the log; a full pipe would block the server.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield f"127.0.0.1:{port[1]}", process.pid
    finally:
        process.terminate()
        process.wait()


def ingest(data, data_dir):
    for kind, name, *inputs in (
            ("imagenet", "imagenet/train", "--images",
             data / "imagenet-sample/train"),
            ("mnist", "mnist/train",
             "--images", data / "mnist/train-images-idx3-ubyte.gz",
             "--labels", data / "mnist/train-labels-idx1-ubyte.gz")):
        subprocess.run([BIN / "millrace", "ingest", kind, "--dataset", name,
                        "--data-dir", data_dir, *inputs], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cpu_ms(pid):
    """User and system time of a process so far."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    user, system = stat.rsplit(")", 1)[1].split()[11:13]
    return 1000 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def jobs_cpu(folder, endpoint, pid, seeds, steps):
    """The server's CPU time a delivered batch, of one job for each seed at
    once."""
    jobs = []
    before = cpu_ms(pid)
    for seed in seeds:
        plan = folder / f"seed-{seed}.textproto"
        text = (PLANS / "imagenet_train.textproto").read_text(encoding="utf-8")
        plan.write_text(re.sub(r"(?m)^seed: .*", f"seed: {seed}", text),
                        encoding="utf-8")
        jobs.append(subprocess.Popen(
            [BIN / "millrace", "pull", "--endpoint", endpoint, "--plan", plan,
             "--steps", str(steps), "--quiet"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL))
    if any([job.wait() != 0 for job in jobs]):
        sys.exit("bench: a job failed")
    return (cpu_ms(pid) - before) / (len(seeds) * steps)


def contenders(data, data_dir, endpoint, pid, seconds):
    """Name -> function that measures once; images per second, or UNITS."""
    images = data / "imagenet-sample/train"

    def rate(*command):
        return lambda: run_json(*command)["images_per_second"]

    def pull(plan, steps):
        return rate(BIN / "millrace", "pull", "--endpoint", endpoint, "--plan",
                    PLANS / plan, "--steps", steps, "--json", "--quiet")

    def torchvision(dataset, directory):
        return rate(PYTHON, ROOT / "bench/torchvision_loader.py", dataset,
                    directory, "--seconds", seconds)

    result = {
        "bare": rate(BIN / "bare_decode", images, "--seconds", seconds),
        "inprocess": rate(BIN / "inprocess", "--data-dir", data_dir, "--plan",
                          PLANS / "imagenet_train.textproto", "--seconds",
                          seconds),
        "loopback": pull("imagenet_train.textproto", int(20 * seconds)),
        "mnist_loopback": pull("mnist_train.textproto", int(2000 * seconds)),
        "one_plan_cpu": lambda: jobs_cpu(data_dir, endpoint, pid, [1] * 4,
                                         int(8 * seconds)),
        "four_plans_cpu": lambda: jobs_cpu(data_dir, endpoint, pid,
                                           [1, 2, 3, 4], int(8 * seconds)),
    }
    if subprocess.run([PYTHON, "-c", "import torchvision"],
                      capture_output=True, check=False).returncode == 0:
        result["torchvision"] = torchvision("imagenet", images)
        result["mnist_torchvision"] = torchvision("mnist", data / "mnist")
    else:
        print("bench: no torchvision (apt install python3-torchvision): rows "
              "against it are left out", file=sys.stderr)
    return result


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
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(
        os.environ.get("MILLRACE_TEST_DATA", ROOT / "../shared/data")))
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS),
                        metavar="NAME", help="rows: " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5,
                        help="of each measurement, about")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write the rows as [{name, value, unit}]")
    args = parser.parse_args()
    if not (args.data / "imagenet-sample").is_dir():
        sys.exit(f"bench: no imagenet-sample in {args.data}: give --data")

    needed = {part for name in args.only for part in ROWS[name][:2]}
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as folder:
        data_dir = pathlib.Path(folder)
        ingest(args.data, data_dir)
        with server(data_dir) as (endpoint, pid):
            measures = contenders(args.data, data_dir, endpoint, pid,
                                  args.seconds)
            samples = {name: [] for name in measures if name in needed}
            for number in range(args.rounds):
                for name, values in samples.items():
                    values.append(measures[name]())
                    print(f"round {number + 1}/{args.rounds} {name:18} "
                          f"{values[-1]:12,.0f} "
                          f"{UNITS.get(name, 'images/s')}", file=sys.stderr)

    print(f"\n{machine()}; medians of {args.rounds} rounds")
    for name, values in samples.items():
        print(f"  {name:42} {statistics.median(values):12,.0f} "
              f"{UNITS.get(name, 'images/s')}")
    rows = rows_of(samples, args.only)
    for row in rows:
        print(f"  {row['name']:42} {row['value']:12,.2f} {row['unit']}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n",
                             encoding="utf-8")


if __name__ == "__main__":
    main()
