"""Measures sharing models side by side, in one run on one S3 server, and holds its bars.

    ./install_peers.sh dvc-s3 s3-tools
    python measure_sharing.py [--scale 1] [--reps 3] [--only directory,s3,many,delay] [--json FILE]

Push and pull of the data of bench.py: to a directory beside `cp` and `openssl`; to a bucket of moto beside DVC,
`aws s3 cp --recursive` and `s5cmd cp` of the same chunks; 2,000 small files; and those with 20 ms added to each
request.  Requests are counted at the server, and peak memory is the kernel's account of the largest process.

A time is wall time, and what the file system takes to sync afterwards where the result is on this disk.  A bar
is met if the median, over the repetitions, of the time by its limit in the same repetition is at most 1.  The
exit status is 1 if one is missed.
"""
import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench import MANY, MODEL, Session, make_data
from contenders.cp import Cp
from contenders.dvc_s3 import DvcS3
from contenders.on_s3 import BUCKET
from contenders.regolo import Regolo
from contenders.regolo_s3 import RegoloS3
from contenders.s3_copy import AwsS3, S5cmd
from measure import Runner, sync_filesystem
from moto_server import MotoServer
from support.servers.faulty_proxy import FaultyProxy
from trees import tree_bytes

DELAY = 0.02
PEAK = 260          # MiB on S3, with four transfers at a time
STAGES = ("directory", "s3", "many", "delay")


class Figures:
    """Seconds, MiB and requests of every operation, a list each with one for each repetition."""

    def __init__(self):
        self.seconds, self.peaks, self.requests = (defaultdict(list) for _ in range(3))

    def add(self, name, row, requests, *, durable):
        if "wall" not in row or "failed" in row:
            sys.exit(f"{name}: {row.get('failed') or row.get('unsupported')}")
        self.seconds[name].append(row["wall"] + (row["sync"] if durable else 0))
        self.peaks[name].append(row["peak_mib"])
        self.requests[name].append(requests)
        print(f"    {name:34} {self.seconds[name][-1]:8.2f} s {row['peak_mib']:7.0f} MiB"
              + (f" {requests:6} requests" if requests else ""), flush=True)

    def total(self, *terms):
        """In each repetition, the sum of some terms: (factor, operation), or seconds."""
        reps = max(len(self.seconds[term[1]]) for term in terms if isinstance(term, tuple))
        return [sum(term[0] * self.seconds[term[1]][rep] if isinstance(term, tuple) else term
                    for term in terms) for rep in range(reps)]


class Measured:
    """One life of one contender, whose operations are figures."""

    def __init__(self, kind, workload, rep, args, figures, server=None, endpoint=None):
        self.contender = kind(Path(args.peers).resolve(), Runner(args.timeout))
        self.figures, self.server = figures, server
        if server is not None:
            server.new_bucket(BUCKET)
            self.contender.endpoint = endpoint or server.endpoint
        self.session = Session(self.contender, workload, rep, args.work, [], 1)
        self.session.timed("setup", self.contender.setup, self.session.root)
        self.remote = self.session.root / "remote"
        self.remote.mkdir()
        self.contender.prepare_remote(self.remote)

    def add(self, name, version, source):
        """Not a figure: adds a version."""
        self.session.memory = int(1.5 * tree_bytes(source)) + (256 << 20)
        path = self.session.place(name, source)
        self.session.timed("add", self.contender.add_version, name, version, path)
        if self.session.broken:
            sys.exit(f"{self.contender.name}: {self.session.broken}")
        sync_filesystem(self.session.root)

    def push(self, figure, name, version, *, durable=False):
        self.timed(figure, self.contender.push, name, version, self.remote, durable=durable)

    def pull(self, figure, name, version, expect=None):
        place = Path(tempfile.mkdtemp(dir=self.session.root, prefix="clone-"))
        self.timed(figure, self.contender.pull, name, version, self.remote, place, expect=expect)
        shutil.rmtree(place)

    def timed(self, figure, function, *args, durable=True, expect=None):
        before = self.server.requests() if self.server else 0
        self.session.timed(figure, function, *args, expect=expect)
        requests = self.server.requests() - before if self.server else 0
        self.figures.add(figure, self.session.records[-1], requests, durable=durable)

    def run(self, figure, *command):
        self.timed(figure, self.contender.run, *command)

    def chunks(self):
        """The files of the chunks in the clone's own store, of Regolo."""
        store = self.contender.repo / ".git" / "regolo" / "store" / "chunks"
        return {path.name: path for path in store.rglob("*") if path.is_file()}

    def linked(self, name, paths):
        """A directory with these files under it, which costs no copy."""
        place = self.session.root / name
        place.mkdir()
        for path in paths:
            os.link(path, place / path.name)
        return place

    def close(self):
        self.session.close()


def directory(rep, data, args, figures):
    big, sha256 = data.path / "big", data.sha256({"v2": data.path / "big" / "v2" / MODEL})
    ours = Measured(Regolo, "directory", rep, args, figures)
    ours.add(MODEL, "v1", big / "v1" / MODEL)
    before = ours.chunks()
    ours.push("directory: push v1", MODEL, "v1", durable=True)
    ours.add(MODEL, "v2", big / "v2" / MODEL)
    changed = ours.linked("changed", [path for name, path in ours.chunks().items() if name not in before])
    ours.push("directory: push v2", MODEL, "v2", durable=True)
    ours.pull("directory: pull v2", MODEL, "v2", sha256["v2"])
    floor = Measured(Cp, "directory", rep, args, figures)
    floor.add(MODEL, "v1", big / "v1" / MODEL)
    floor.push("cp v1", MODEL, "v1", durable=True)
    floor.run("cp changed", "cp", "-r", changed, floor.session.root / "copy of changed")
    floor.run("cp v2", "cp", big / "v2" / MODEL, floor.session.root / "copy 1")
    floor.run("cp v2 again", "cp", big / "v2" / MODEL, floor.session.root / "copy 2")
    floor.run("openssl v2", "openssl", "dgst", "-sha256", big / "v2" / MODEL)
    ours.close()
    floor.close()


def on_s3(rep, data, args, figures, server):
    big, sha256 = data.path / "big", data.sha256({"v2": data.path / "big" / "v2" / MODEL})
    kept = None
    for kind in (RegoloS3, DvcS3) if rep % 2 else (DvcS3, RegoloS3):
        life = Measured(kind, "s3", rep, args, figures, server)
        life.add(MODEL, "v1", big / "v1" / MODEL)
        if kind is RegoloS3:
            kept, pieces = life, life.linked("chunks of v1", life.chunks().values())
        life.push(f"{kind.name}: push v1", MODEL, "v1")
        life.add(MODEL, "v2", big / "v2" / MODEL)
        life.push(f"{kind.name}: push v2", MODEL, "v2")
        life.push(f"{kind.name}: push nothing", MODEL, "v2")
        life.pull(f"{kind.name}: pull v2", MODEL, "v2", sha256["v2"])
        if kind is DvcS3:
            life.close()
    for kind in (AwsS3, S5cmd):
        life = Measured(kind, "s3", rep, args, figures, server)
        life.contender.add_version("chunks", "v1", pieces)
        life.push(f"{kind.name}: push chunks", "chunks", "v1")
        life.pull(f"{kind.name}: pull chunks", "chunks", "v1")
        if kind is S5cmd:
            life.run("cp", "cp", big / "v2" / MODEL, life.session.root / "copy")
            life.run("openssl", "openssl", "dgst", "-sha256", big / "v2" / MODEL)
        life.close()
    kept.close()


def many(rep, data, args, figures, server):
    for kind in (RegoloS3, DvcS3) if rep % 2 else (DvcS3, RegoloS3):
        small_files(kind, kind.name, rep, data, args, figures, server)


def delayed(rep, data, args, figures, server):
    with FaultyProxy(server.endpoint) as proxy:
        for proxy.delay, name in ((0.0, "no delay"), (DELAY, f"{DELAY * 1000:.0f} ms")):
            small_files(RegoloS3, name, rep, data, args, figures, server, proxy.url)


def small_files(kind, name, rep, data, args, figures, server, endpoint=None):
    source = data.path / "many" / "v1"
    life = Measured(kind, "many", rep, args, figures, server, endpoint)
    life.add(MANY, "v1", source)
    life.push(f"{name}: push files", MANY, "v1")
    life.pull(f"{name}: pull files", MANY, "v1", data.sha256({"v1": source})["v1"])
    life.close()


def bars(figures, stages):
    """(what, ours in each repetition, its limit in each, the limit in words, unit)."""
    total = figures.total

    def time(what, ours, words, *terms):
        return what, total((1, ours)), total(*terms), words, "s"

    if "directory" in stages:
        yield time("push v1 to a directory", "directory: push v1", "1.3 x cp + 0.6 s", (1.3, "cp v1"), 0.6)
        yield time("push v2 to a directory", "directory: push v2", "cp of the changed bytes + 0.6 s",
                   (1, "cp changed"), 0.6)
        yield time("pull v2 from a directory", "directory: pull v2", "1.2 x (two cp + openssl)",
                   (1.2, "cp v2"), (1.2, "cp v2 again"), (1.2, "openssl v2"))
    if "s3" in stages:
        ours = RegoloS3.name
        yield time("push v1", f"{ours}: push v1", "1.0 x aws s3 cp --recursive", (1, "aws s3 cp: push chunks"))
        yield time("push v1", f"{ours}: push v1", "0.6 x DVC", (0.6, "dvc+s3: push v1"))
        yield time("push v2", f"{ours}: push v2", "0.5 x DVC", (0.5, "dvc+s3: push v2"))
        yield time("push of nothing new", f"{ours}: push nothing", "0.5 x DVC", (0.5, "dvc+s3: push nothing"))
        yield time("pull v2", f"{ours}: pull v2", "0.5 x DVC", (0.5, "dvc+s3: pull v2"))
        yield time("pull v2", f"{ours}: pull v2", "s5cmd cp + 1.2 x (cp + openssl) + 1 s",
                   (1, "s5cmd: pull chunks"), (1.2, "cp"), (1.2, "openssl"), 1.0)
        yield count("push of nothing new", figures.requests[f"{ours}: push nothing"], 9, "under 10", "requests")
        for verb in ("push v1", "push v2", "pull v2"):
            yield count(f"memory, {verb}", figures.peaks[f"{ours}: {verb}"], PEAK, f"{PEAK} MiB", "MiB")
    if "many" in stages:
        for verb, factor in (("push", 0.3), ("pull", 0.4)):
            name = f"{RegoloS3.name}: {verb} files"
            yield time(f"{verb} small files", name, f"{factor} x DVC", (factor, f"dvc+s3: {verb} files"))
            yield count(f"{verb} small files", figures.requests[name], 40, "40 requests", "requests")
    if "delay" in stages:
        for verb in ("push", "pull"):
            yield time(f"{verb} small files, 20 ms more", f"20 ms: {verb} files", "2 x the time without",
                       (2, f"no delay: {verb} files"))


def count(what, ours, limit, words, unit):
    return what, ours, [limit] * len(ours), words, unit


def report(found):
    """Prints every bar; whether all are met."""
    met = True
    print(f"\n{'what':30} {'ours':>9} {'limit':>9}  ratio  bar")
    for what, ours, limits, words, unit in found:
        ratio = statistics.median(one / limit for one, limit in zip(ours, limits))
        met &= ratio <= 1
        own, limit = statistics.median(ours), statistics.median(limits)
        digits = 2 if unit == "s" else 0
        print(f"{what:30} {own:9.{digits}f} {limit:9.{digits}f}  {ratio:5.2f}  "
              f"{'ok    ' if ratio <= 1 else 'MISSED'} {words}")
    return met


def arguments():
    temp = Path(tempfile.gettempdir())
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--scale", type=float, default=1.0, help="of the big model; 1 is about 2 GiB")
    p.add_argument("--many-count", type=int, default=2000, help="small files")
    p.add_argument("--reps", type=int, default=3)
    p.add_argument("--only", default=",".join(STAGES), help="the stages to run")
    p.add_argument("--peers", default=os.environ.get("PEERS_DIR", temp / "peers"),
                   help="where install_peers.sh put them")
    p.add_argument("--work", default=temp / "sharing-bench-work")
    p.add_argument("--data", default=temp / "sharing-bench-data")
    p.add_argument("--timeout", type=float, default=900, help="of one command, in seconds")
    p.add_argument("--json", type=Path, help="where every figure goes")
    return p.parse_args()


def main():
    args = arguments()
    args.seed, args.small_count = 0, 1
    stages = args.only.split(",")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    lacking = [kind.name for kind in (RegoloS3, DvcS3, AwsS3, S5cmd)
               if not kind(Path(args.peers).resolve(), None).installed()]
    if lacking and set(stages) & {"s3", "many"}:
        sys.exit(f"not installed: {', '.join(lacking)}; see install_peers.sh")
    data = make_data(args)
    Path(args.work).mkdir(parents=True, exist_ok=True)
    figures, server = Figures(), MotoServer(args.peers)
    try:
        for rep in range(1, args.reps + 1):
            print(f"repetition {rep}", flush=True)
            if "directory" in stages:
                directory(rep, data, args, figures)
            if "s3" in stages:
                on_s3(rep, data, args, figures, server)
            if "many" in stages:
                many(rep, data, args, figures, server)
            if "delay" in stages:
                delayed(rep, data, args, figures, server)
    finally:
        server.stop()
    if args.json:
        args.json.write_text(json.dumps({"seconds": figures.seconds, "peak_mib": figures.peaks,
                                         "requests": figures.requests}, indent=1))
    return 0 if report(bars(figures, stages)) else 1


if __name__ == "__main__":
    sys.exit(main())
