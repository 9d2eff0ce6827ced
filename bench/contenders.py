"""What bench/run.py measures: each contender is a function that measures once
and returns a number, in images per second or in UNITS."""
import contextlib
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
PLANS = ROOT / "examples/plans"
PYTHON = "/usr/bin/python3"
PACKAGE = ROOT / "client/python"
LIBRARY = ROOT / "build/release/lib/libmillrace.so.1"

MB = 1e6
# What a method of Bench measures, where it is not images/s.
UNITS = {
    "one_plan_cpu": "ms/batch",
    "four_plans_cpu": "ms/batch",
    "transport": "MB/s",
    "iperf3": "MB/s",
    "storage_read": "MB/s",
    "pread": "MB/s",
    "tile_growth": "of the files",
    "rss_over_budget": "MB",
    "resume_far": "ms",
    "straggler_p99": "ms",
    "healthy_p99": "ms",
    "fairness_64": "of the fastest",
    "fairness_64_rss": "MB",
    "client_cpu": "s/GB",
    "python_transport": "MB/s",
    "decode_exact": "of the files",
}
# Contenders that other programs are, and how to see whether they are there.
PEERS = {
    "torchvision": (PYTHON, "-c", "import torchvision"),
    "mnist_torchvision": (PYTHON, "-c", "import torchvision"),
    "torch_mnist": (PYTHON, "-c", "import torch"),
    "iperf3": ("iperf3", "--version"),
}

MNIST_BATCH = 512
IPERF3_PORT = 58090
# Of the server that peak_rss_over_budget_mb looks at: all that may be large.
BUDGETS = {"batch_memory_bytes": 256 << 20, "batch_cache_bytes": 64 << 20,
           "working_memory_bytes": 32 << 20, "decoded_cache_bytes": 48 << 20,
           "idle_buffer_bytes": 32 << 20}
LIMITS = "limits {{ {} }}".format(
    " ".join(f"{name}: {value}" for name, value in BUDGETS.items()))
HUNGRY_JOBS = 8
# The crowd's batches are small, so that one of each client fits the budget.
CROWD = 64
CROWD_BATCH = 4
# So long that what images cost evens out: a client has some 350 batches then.
CROWD_SECONDS = 24
# The straggler runs so long of every period.
STRAGGLER_RUNS_S = 0.005
STRAGGLER_PERIOD_S = 0.1
STRAGGLER_BATCH = 16
# torchvision's ToTensor and Normalize.
FLOAT_TRANSFORMS = """
transforms { to_dtype { dtype: FLOAT32 scale: true } }
transforms { normalize { mean: 0.1307 std: 0.3081 } }
"""
# Of a mixture without end, to begin in its midst.
FAR_PLAN = """
dataset: "mnist/train"
sampler { order: SHUFFLE }
batch { size: 64 }
mixture {
  parts { dataset: "mnist/train" }
  positions: 1000000000000
}
"""
FAR_STEP = 1000000000
# Until each digit has come, of either dataset.
FAR_WARM_STEPS = 2 * 60000 // 64 + 1
# The transport's images: so many bytes each that nothing else counts.
RAW_SIDE = 224
RAW_IMAGES = 1000


def run_json(*command, env=None):
    """Runs a command and returns what it prints, parsed."""
    done = subprocess.run([str(part) for part in command], text=True,
                          capture_output=True, check=False, env=env)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout)


@contextlib.contextmanager
def server(data_dir, config=""):
    """A millraced over `data_dir`; yields its endpoint and process id."""
    file = data_dir / "millraced.textproto"
    file.write_text(config, encoding="utf-8")
    process = subprocess.Popen(
        [BIN / "millraced", "--config", file, "--data-dir", data_dir,
         "--listen", "127.0.0.1:0", "--metrics-listen", ""],
        stderr=subprocess.PIPE, text=True)
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


@contextlib.contextmanager
def slowed(pid):
    """A process that runs a twentieth of the time, by SIGSTOP and SIGCONT."""
    over = threading.Event()

    def run():
        while not over.is_set():
            os.kill(pid, signal.SIGCONT)
            time.sleep(STRAGGLER_RUNS_S)
            os.kill(pid, signal.SIGSTOP)
            over.wait(STRAGGLER_PERIOD_S - STRAGGLER_RUNS_S)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        os.kill(pid, signal.SIGCONT)


def ingest(data_dir, kind, name, *inputs):
    """Publishes a dataset; its ingest report."""
    report = data_dir / "report.json"
    subprocess.run([BIN / "millrace", "ingest", kind, "--dataset", name,
                    "--data-dir", data_dir, "--report", report, *inputs],
                   check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return json.loads(report.read_text(encoding="utf-8"))


def write_raw_images(folder):
    """Gray noise as an IDX pair; the options that ingest it."""
    images, labels = folder / "raw-images", folder / "raw-labels"
    shape = [RAW_IMAGES, RAW_SIDE, RAW_SIDE]
    images.write_bytes(struct.pack(">IIII", 0x803, *shape) +
                       os.urandom(RAW_IMAGES * RAW_SIDE * RAW_SIDE))
    labels.write_bytes(struct.pack(">II", 0x801, RAW_IMAGES) +
                       bytes(RAW_IMAGES))
    return "--images", images, "--labels", labels


def cpu_ms(pid):
    """User and system time of a process so far."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    user, system = stat.rsplit(")", 1)[1].split()[11:13]
    return 1000 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def wait_until_idle(pid):
    """Until the process takes less than a tenth of a processor."""
    used = cpu_ms(pid)
    while True:
        time.sleep(0.5)
        before, used = used, cpu_ms(pid)
        if used - before < 50:
            return


def peak_rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024 / MB


class Bench:
    """Inputs, and a server over them, for the contenders below."""

    def __init__(self, data, data_dir, endpoint, pid, seconds):
        self.data = data
        self.data_dir = data_dir
        self.endpoint = endpoint
        self.pid = pid
        self.seconds = seconds
        self.images = data / "imagenet-sample/train"
        self.imagenet_report = {}
        self.decode_results = {}
        self.capacity = 0  # Steps per second, of paced_p99().
        self.crowd_rss = 0

    def imagenet_inputs(self):
        return "--images", self.images

    def mnist_inputs(self):
        return ("--images", self.data / "mnist/train-images-idx3-ubyte.gz",
                "--labels", self.data / "mnist/train-labels-idx1-ubyte.gz")

    def prepare(self):
        self.imagenet_report = ingest(self.data_dir, "imagenet",
                                      "imagenet/train",
                                      *self.imagenet_inputs())
        ingest(self.data_dir, "mnist", "mnist/train", *self.mnist_inputs())
        ingest(self.data_dir, "mnist", "raw/train",
               *write_raw_images(self.data_dir))

    def plan(self, base, **changes):
        """A copy of an example plan with other values of `name: value`."""
        text = (PLANS / base).read_text(encoding="utf-8")
        for name, value in changes.items():
            text, count = re.subn(rf"(?m)^( *{name}:) .*", rf"\1 {value}", text)
            assert count == 1, (base, name)
        change = re.sub(r"\W", "_", str(changes))
        path = self.data_dir / f"{change}-{base}"
        path.write_text(text, encoding="utf-8")
        return path

    def pull_command(self, plan, steps, endpoint=None):
        return (BIN / "millrace", "pull", "--endpoint",
                endpoint or self.endpoint, "--plan", plan, "--steps",
                str(int(steps)), "--json", "--quiet")

    # --- Images, from files to a trainer ------------------------------------

    def bare(self):
        return run_json(BIN / "bare_decode", self.images, "--seconds",
                        self.seconds)["images_per_second"]

    def inprocess(self):
        return run_json(BIN / "inprocess", "--data-dir", self.data_dir,
                        "--plan", PLANS / "imagenet_train.textproto",
                        "--seconds", self.seconds)["images_per_second"]

    def loopback(self):
        # About as long as its peers measure.
        return run_json(*self.pull_command(
            PLANS / "imagenet_train.textproto",
            80 * self.seconds))["images_per_second"]

    def mnist_loopback(self):
        plan = self.plan("mnist_train.textproto", size=MNIST_BATCH)
        return run_json(*self.pull_command(
            plan, 2000 * self.seconds))["images_per_second"]

    def torchvision(self):
        return self.torchvision_rate("imagenet", self.images)

    def mnist_torchvision(self):
        return self.torchvision_rate("mnist", self.data / "mnist",
                                     "--batch", MNIST_BATCH)

    def torchvision_rate(self, *arguments):
        return run_json(PYTHON, ROOT / "bench/torchvision_loader.py",
                        *arguments, "--seconds",
                        self.seconds)["images_per_second"]

    # --- The stages alone ----------------------------------------------------

    def transport(self):
        plan = self.plan("mnist_train.textproto", dataset='"raw/train"')
        return run_json(*self.pull_command(
            plan, 250 * self.seconds))["bytes_per_second"] / MB

    def python_transport(self):
        """As transport, received by the Python package."""
        plan = self.plan("mnist_train.textproto", dataset='"raw/train"')
        return self.python_rate(plan, 250 * self.seconds)[
            "bytes_per_second"] / MB

    def torch_mnist(self):
        """What mnist_torchvision makes, by our DataLoader."""
        plan = self.plan("mnist_train.textproto", size=MNIST_BATCH)
        plan.write_text(plan.read_text(encoding="utf-8") + FLOAT_TRANSFORMS,
                        encoding="utf-8")
        return self.python_rate(plan, 300 * self.seconds, "--torch")[
            "images_per_second"]

    def python_rate(self, plan, steps, *flags):
        environment = dict(os.environ, PYTHONPATH=str(PACKAGE),
                           MILLRACE_LIBRARY=str(LIBRARY))
        return run_json(PYTHON, ROOT / "bench/python_loader.py", self.endpoint,
                        plan, "--steps", int(steps), *flags, env=environment)

    def iperf3(self):
        listener = subprocess.Popen(
            ["iperf3", "--server", "--one-off", "--bind", "127.0.0.1",
             "--port", str(IPERF3_PORT), "--forceflush"],
            stdout=subprocess.PIPE, text=True)
        # It says so when it listens.
        while "Server listening" not in (line := listener.stdout.readline()):
            if not line:
                sys.exit(f"bench: iperf3 cannot listen on {IPERF3_PORT}")
        try:
            result = run_json("iperf3", "--client", "127.0.0.1", "--port",
                              IPERF3_PORT, "--time",
                              max(1, int(self.seconds)), "--json")
        finally:
            listener.terminate()
            listener.communicate()
        return result["end"]["sum_received"]["bits_per_second"] / 8 / MB

    def storage_read(self):
        return self.read_rate("store")

    def pread(self):
        return self.read_rate("pread")

    def read_rate(self, way):
        return run_json(BIN / "storage_read", "--data-dir", self.data_dir,
                        "--dataset", "imagenet/train", "--way", way,
                        "--seconds", self.seconds)["bytes_per_second"] / MB

    def ingest_imagenet(self):
        return self.ingest_rate("imagenet", *self.imagenet_inputs())

    def ingest_imagenet_per_core(self):
        return self.ingest_imagenet() / os.cpu_count()

    def ingest_mnist(self):
        return self.ingest_rate("mnist", *self.mnist_inputs())

    def ingest_rate(self, kind, *inputs):
        """Of whole ingests, from reading the files to publishing; many of
        them, where one is over in no time."""
        samples = seconds = 0
        while seconds < self.seconds / 2:
            with tempfile.TemporaryDirectory(dir=self.data_dir) as folder:
                os.sync()  # What others left to be written.
                report = ingest(pathlib.Path(folder), kind, "x", *inputs)
            samples += report["samples"]
            seconds += report["seconds"]
        return samples / seconds

    def cp_imagenet(self):
        """Images per second of a copy that is on disk when it ends, as that
        of an ingest is."""
        with tempfile.TemporaryDirectory(dir=self.data_dir) as folder:
            os.sync()  # As before an ingest.
            begin = time.monotonic()
            subprocess.run(["cp", "-r", self.images, folder], check=True)
            subprocess.run(["sync", "-f", folder], check=True)
            seconds = time.monotonic() - begin
        return self.imagenet_report["samples"] / seconds

    def tile_growth(self):
        report = self.imagenet_report
        stored = report["image_bytes"] + report["decode_record_bytes"]
        return stored / report["source_bytes"] - 1

    # --- Sharing and memory ---------------------------------------------------

    def one_plan_cpu(self):
        return self.jobs_cpu([1] * 4)

    def four_plans_cpu(self):
        return self.jobs_cpu([1, 2, 3, 4])

    def jobs_cpu(self, seeds):
        """The server's CPU time a delivered batch, of one job for each seed at
        once."""
        steps = int(32 * self.seconds)  # So many that their beginnings fade.
        before = cpu_ms(self.pid)
        self.run_jobs(self.endpoint, seeds, steps)
        return (cpu_ms(self.pid) - before) / (len(seeds) * steps)

    def run_jobs(self, endpoint, seeds, steps, meanwhile=lambda jobs: None):
        jobs = []
        for seed in seeds:
            plan = self.plan("imagenet_train.textproto", seed=seed)
            jobs.append(subprocess.Popen(
                self.pull_command(plan, steps, endpoint),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        meanwhile(jobs)
        if any([job.wait() != 0 for job in jobs]):
            sys.exit("bench: a job failed")

    def rss_over_budget(self):
        """What a server takes beyond its budgets, which are full: digits are
        kept decoded, then many jobs with crops stop taking batches for a
        while, so that as many are made as may be held."""
        def let_batches_pile_up(jobs):
            time.sleep(0.5)
            for job in jobs:
                job.send_signal(signal.SIGSTOP)
            wait_until_idle(pid)
            for job in jobs:
                job.send_signal(signal.SIGCONT)

        with server(self.data_dir, LIMITS) as (endpoint, pid):
            run_json(*self.pull_command(
                PLANS / "mnist_train.textproto", 500, endpoint))
            self.run_jobs(endpoint, range(HUNGRY_JOBS), 16 * self.seconds,
                          let_batches_pile_up)
            return peak_rss_mb(pid) - sum(BUDGETS.values()) / MB

    # --- Delivery ---------------------------------------------------------

    def resume_far(self):
        """To the first batch of a stream that begins at step 10^9."""
        plan = self.data_dir / "far.textproto"
        plan.write_text(FAR_PLAN, encoding="utf-8")
        result = run_json(BIN / "resume_far", "--endpoint", self.endpoint,
                          "--plan", plan, "--server-pid", self.pid,
                          "--step", FAR_STEP, "--warm-steps", FAR_WARM_STEPS)
        print(f"  {result}", file=sys.stderr)
        return result["far_ms"]

    def healthy_p99(self):
        return self.paced_p99(lambda pids: contextlib.nullcontext())

    def straggler_p99(self):
        return self.paced_p99(lambda pids: slowed(pids[0]))

    def paced_p99(self, disturb):
        """The 99th percentile of the time from step to step of a client that
        takes them at half the rate that three servers can make them; all are
        on this machine, so at the full rate its processors would be measured.
        """
        plan = self.plan("imagenet_train.textproto", size=STRAGGLER_BATCH)
        with contextlib.ExitStack() as stack:
            started = [stack.enter_context(server(self.data_dir))
                       for _ in range(3)]
            command = [BIN / "clients", "--plan", plan]
            for endpoint, _ in started:
                command += ["--endpoint", endpoint]
            if not self.capacity:
                self.capacity = run_json(*command, "--seconds", self.seconds)[
                    "steps_per_second"]
            stack.enter_context(disturb([pid for _, pid in started]))
            return run_json(*command, "--seconds", 2 * self.seconds,
                            "--work-ms", 2000 / self.capacity)["gap_ms_p99"]

    def fairness_64(self):
        """The slowest client's rate by the fastest one's; each has its own
        seed, so that no batch is shared."""
        plan = self.plan("imagenet_train.textproto", size=CROWD_BATCH)
        with server(self.data_dir, LIMITS) as (endpoint, pid):
            result = run_json(BIN / "clients", "--endpoint", endpoint, "--plan",
                              plan, "--clients", CROWD, "--seconds",
                              CROWD_SECONDS)
            self.crowd_rss = peak_rss_mb(pid)
        return result["slowest_steps"] / result["fastest_steps"]

    def fairness_64_rss(self):
        """What the server took beyond its budgets in the same run."""
        if not self.crowd_rss:
            self.fairness_64()
        rss, self.crowd_rss = self.crowd_rss, 0
        return rss - sum(BUDGETS.values()) / MB

    def client_cpu(self):
        """User and system seconds of `millrace pull` for a gigabyte of large
        batches."""
        plan = self.plan("mnist_train.textproto", dataset='"raw/train"')
        with tempfile.TemporaryFile("w+", dir=self.data_dir) as out:
            command = self.pull_command(plan, 250 * self.seconds)
            job = subprocess.Popen(command, stdout=out)
            _, status, usage = os.wait4(job.pid, 0)
            job.returncode = os.waitstatus_to_exitcode(status)
            if job.returncode != 0:
                sys.exit("bench: the client failed")
            out.seek(0)
            received = json.load(out)["bytes"]
        return (usage.ru_utime + usage.ru_stime) / (received / 1e9)

    # --- Decoding, on one core --------------------------------------------

    def decode_result(self, way):
        """One run measures all ways; each is taken once a round."""
        if way not in self.decode_results:
            self.decode_results = run_json(BIN / "decode", "--images",
                                           self.images, "--rounds", 1)
        return self.decode_results.pop(way)


for _name, _way in (("decode_crop", "crop"), ("decode_full", "full"),
                    ("decode_crop_scalar", "crop_scalar"),
                    ("decode_full_scalar", "full_scalar"),
                    ("decode_crop_libjpeg_tiles", "libjpeg_crop_tiles"),
                    ("decode_libjpeg_full", "libjpeg_full"),
                    ("decode_exact", "exact")):
    setattr(Bench, _name, lambda self, way=_way: self.decode_result(way))
