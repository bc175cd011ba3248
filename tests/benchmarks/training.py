"""Training against the loop that everybody copies: images a second, and what the probes cost.

`python tests/benchmarks/training.py [--quick]` measures, for each network and in turns, so that what else the
machine does meets all of them alike:

    a     the loop people use: one network at a time, PIL pictures through torchvision's transforms in a
          DataLoader of 2 workers, float32, channels first, `loss.item()` in each step, and all diagnostics of
          ours in each step by hooks and `.item()`
    few   the same with gradient norms, residual magnitudes and response stds only
    b     the same loop without diagnostics
    c     ours without probes
    d     ours with all probes at the default interval
    e     ours with all probes in every iteration
    f     ours without probes in float32: what a processor without bf16 gets
    compiled  c with torch.compile (with --compile); its code is cached between two calls of this program
    eager     c without CUDA graphs (on CUDA)
    one       twins in one process of all threads instead of one process each (on the CPU)
    stock     the same with PyTorch's own settings of threads and memory: what one has without ours
    busy, rest  c beside a program that keeps one core busy, after half a minute; c on the other cores alone
          (with --busy)

Each contender is a process of its own, with the environment it has in real life, and computes only in its
turn. Figures are medians of the rounds; a ratio is the median of the ratios of each round. Before, the rival
is checked to compute the same losses and diagnostics as ours (`equality.py`). Our runs are those of the
worker: event log, checkpoints and commands included; evaluation is left out on both sides. "twins": resnet-N
and plain-N; the loop trains them one after the other, ours as `resviz.train.placement` says.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec

from resviz.arch.presets import preset
from resviz.runs.store import create_experiment
from resviz.train import demonstration
from resviz.train.cards import cuda_present
from resviz.train.placement import available_cores, place, thread_environment
from resviz.train.recipe import PAPER, Recipe
from tests.benchmarks.turns import Contender

ROOT = Path(__file__).resolve().parents[2]
NEVER = 10**9
OURS = {
    "c": {"probe_interval": NEVER},
    "d": {"probe_interval": None},
    "e": {"probe_interval": 1},
    "f": {"probe_interval": NEVER, "precision": "float32"},
    "compiled": {"probe_interval": NEVER, "compile": "on"},
    "eager": {"probe_interval": NEVER, "cuda_graphs": False},
    "one": {"probe_interval": NEVER},
    "stock": {"probe_interval": NEVER},
    "busy": {"probe_interval": NEVER},
    "rest": {"probe_interval": NEVER},
}
RIVALS = {"a": "all", "few": "few", "b": ""}
RATIOS = (
    ("c", "b", "ours without probes over the bare loop", "2.3 on the CPU, 8 on CUDA"),
    ("compiled", "b", "compiled over the bare loop", "2.8 on the CPU"),
    ("d", "a", "ours with probes over the loop with hooks", "2.6"),
    ("e", "a", "ours probing every iteration over the loop with hooks", ""),
    ("f", "b", "ours in float32 over the bare loop", "1.25"),
    ("c", "eager", "CUDA graphs over our eager step", "3"),
    ("c", "one", "a process each over one process for both", ""),
    ("c", "stock", "a process each over one process with PyTorch's settings", "1.15; demonstration 2.4"),
    ("busy", "rest", "beside a busy core over the other cores alone", "0.7"),
)
COSTS = (
    ("d", "c", "probes at the default interval", "2 %"),
    ("e", "c", "probes in every iteration", "6 %"),
    ("few", "b", "control: three diagnostics by hooks", ""),
    ("a", "b", "control: all diagnostics by hooks", ""),
)
_USERS = ("OMP_", "MKL_", "KMP_", "GOMP_", "MALLOC_", "GLIBC_", "LD_PRELOAD", "THP_", "TORCH", "ONEDNN_")
"""Variables that the rival does not get: whoever copies the loop sets none of them."""


def recipe_of(args: argparse.Namespace, name: str, contender: str) -> Recipe:
    """Return the recipe of one of ours: speed does not depend on the rate, and 0.01 diverges nowhere."""
    base = PAPER
    if name == "demonstration":
        base = msgspec.structs.replace(demonstration.recipe(), milestones=())
    else:
        base = msgspec.structs.replace(base, data=args.data, batch_size=args.batch_size, precision="auto")
    return msgspec.structs.replace(
        base,
        device=args.device,
        iterations=NEVER,
        learning_rate=0.01,
        warm_up="off",
        evaluate_interval=NEVER,
        **OURS[contender],
    )


def contender_for(args, name: str, twins: bool, contender: str, folder: Path) -> Contender:
    """Return a contender, ready."""
    found = Contender(contender, alternating=twins and contender in RIVALS, burns=contender == "busy")
    names = [name, name.replace("resnet", "plain")] if twins else [name]
    if contender in RIVALS:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(_USERS)}
        for each in names:
            specification = {"kind": "rival", "network": each, "data": args.data, "size": 32}
            specification |= {"batch_size": args.batch_size, "device": args.device}
            found.launch(specification | {"diagnostics": RIVALS[contender]}, clean)
        return found
    if name == "demonstration":
        architectures = demonstration.architectures()
    else:
        architectures = [preset(each, input_shape=(3, 32, 32), classes=10) for each in names]
    found.runs = create_experiment(
        architectures, recipe_of(args, name, contender), out=folder / contender
    ).runs
    cores = available_cores()
    used = sorted(os.sched_getaffinity(0))[1:] if contender == "rest" else None
    cores -= contender == "rest"
    runs = [run.path for run in found.runs]
    placed = place(runs, args.device, cores, cuda_present())
    if contender in {"one", "stock"}:
        placed = [type(placed[0])(tuple(runs), cores)]
    for placement in placed:
        specification = {"kind": "ours", "runs": [str(path) for path in placement.runs], "cores": used}
        specification["governed"] = contender == "busy"
        clean = {key: value for key, value in os.environ.items() if not key.startswith(_USERS)}
        ours = thread_environment(placement.threads, os.environ)
        found.launch(specification, clean if contender == "stock" else ours)
    return found


def chosen(args, name: str, twins: bool) -> list[str]:
    """Return the contenders that make sense here, of those asked for."""
    cuda = _cuda(args)
    names = [*args.contenders]
    names += ["compiled"] if args.compile else []
    names += ["busy", "rest"] if args.busy and not cuda and available_cores() > 1 else []
    names += ["eager"] if cuda else []
    names += ["one", "stock"] if twins and not cuda else []
    if cuda:
        names = [each for each in names if each != "f"]
    if name == "demonstration":
        names = [each for each in names if each not in RIVALS and each not in {"d", "e", "f"}]
    return list(dict.fromkeys(names))


def measure(args, name: str, twins: bool) -> dict:
    """Measure one network (or twins), print it and return the figures."""
    title = f"{name} and its twin" if twins and name != "demonstration" else name
    contenders: list[Contender] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for each in chosen(args, name, twins):
                _say(f"{title}: {each} …")
                contenders.append(contender_for(args, name, twins, each, Path(folder)))
            for number in range(args.rounds):
                _say(f"{title}: round {number + 1} of {args.rounds} …")
                for each in contenders if number % 2 == 0 else reversed(contenders):
                    each.turn(args.seconds)
        finally:
            for each in contenders:
                each.close()
        _say("")
        return report(args, name, title, {each.name: each for each in contenders})


def report(args, name: str, title: str, contenders: dict[str, Contender]) -> dict:
    """Print a table; return the same as numbers."""
    found = {
        "images_per_second": {n: statistics.median(c.rates) for n, c in contenders.items()},
        "ready_seconds": {n: round(c.ready_seconds, 1) for n, c in contenders.items()},
        "rounds": {n: c.rates for n, c in contenders.items()},
        "ratios": {},
        "costs_pct": {},
        "cpu_costs_pct": {},
    }
    print(f"\n{title}, batch of {args.batch_size if name != 'demonstration' else 128}")
    for contender in contenders.values():
        rate = statistics.median(contender.rates)
        spread = 100 * (max(contender.rates) - min(contender.rates)) / rate
        print(f"  {contender.name:9s}{rate:10.1f} images/s  (rounds within {spread:.0f} %; {contender.note})")
    for over, under, what, target in RATIOS:
        if {over, under} <= contenders.keys():
            ratio = _ratio(contenders[over].rates, contenders[under].rates)
            found["ratios"][f"{over}/{under}"] = ratio
            print(f"  {over} / {under}: {ratio:.2f}  {what}{f' (to reach: {target})' if target else ''}")
    for probed, bare, what, target in COSTS:
        if {probed, bare} <= contenders.keys():
            cost = 100 * (_ratio(contenders[bare].rates, contenders[probed].rates) - 1)
            found["costs_pct"][f"{probed}-{bare}"] = cost
            text = f"  {what}: {cost:.1f} % of the time"
            if probed not in RIVALS and not _cuda(args):
                cpu = 100 * (_ratio(contenders[probed].cpu_seconds, contenders[bare].cpu_seconds) - 1)
                found["cpu_costs_pct"][f"{probed}-{bare}"] = cpu
                text += f", {cpu:.1f} % of the processor time"
            print(text + (f" (to reach: {target})" if target else ""))
    if {"d", "e"} <= contenders.keys() and "e-c" in found["costs_pct"]:
        share = contenders["d"].probed_share()
        found["probed_share"] = share
        print(
            f"    {100 * share:.1f} % of the iterations of d were probed: by e's cost that should be ", end=""
        )
        print(f"{share * found['costs_pct']['e-c']:.2f} %")
    if len(contenders["c"].runs if "c" in contenders else ()) == 1:
        found |= _single(args, name, found["images_per_second"])
    sys.stdout.flush()
    return found


def _single(args, name: str, rates: dict[str, float]) -> dict:
    """Print what one run's speed means: the time of a recipe and, on CUDA, the share of the memory bound."""
    found = {}
    if _cuda(args):
        bound = _child("bound.py", name, 32, args.batch_size, args.device, "auto")
        share = 100 * rates["c"] / bound["images_per_second"]
        found["bound"] = bound | {"share_pct": share}
        print(
            f"  {share:.0f} % of the memory bound: {bound['images_per_second']:.0f} images/s, "
            f"{bound['bytes_per_step'] / 1e6:.0f} MB a step at {bound['bandwidth'] / 1e9:.0f} GB/s"
        )
    seconds = PAPER.iterations * args.batch_size / rates.get("d", rates["c"])
    found["recipe_seconds_extrapolated"] = seconds
    print(f"  the recipe's {PAPER.iterations} iterations would take {seconds / 60:.1f} minutes")
    return found


def twins_cost(results: dict[str, dict]) -> None:
    """Print what training twins together costs over training the first alone, where both were measured."""
    for name, found in results.items():
        both = results.get(f"{name}+twin")
        if both is not None and {"c"} <= found["images_per_second"].keys() & both["images_per_second"].keys():
            alone, together = found["images_per_second"]["c"], both["images_per_second"]["c"]
            both["together_over_alone"] = 2 * alone / together
            print(f"\n{name}: twins together take {2 * alone / together:.2f} times as long as one alone")


def full(args, name: str) -> dict:
    """Train a network's whole recipe with the command line, evaluation included; return how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "resviz", "train", name, "--data", args.data, "--json"]
        command += ["--iterations", str(PAPER.iterations), "--device", args.device, "--out", folder]
        command += ["--precision", "auto"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
        seconds = time.perf_counter() - began
    run = json.loads(done.stdout.splitlines()[-1])["runs"][0]
    error = run["test_error_pct"]
    print(f"\n{name}: the whole recipe took {seconds:.0f} s, start included; test error {error:.2f} %")
    return {"seconds": seconds, **run}


def _child(script: str, *arguments: object) -> dict:
    command = [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} failed: see above.")
    return json.loads(done.stdout.splitlines()[-1])


def _ratio(over: list[float], under: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def _cuda(args) -> bool:
    return args.device.startswith("cuda") or (args.device == "auto" and cuda_present())


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="resnet-20 and resnet-56 alone, short turns")
    parser.add_argument("--networks", type=_list, metavar="NAME,…", help="presets, and `demonstration`")
    parser.add_argument("--contenders", type=_list, default=["a", "b", "c", "d", "e", "f"], metavar="a,b,…")
    parser.add_argument("--twins", choices=("no", "also", "only"), help="resnet-N with plain-N (also)")
    parser.add_argument("--rounds", type=int, help="turns of each contender (5)")
    parser.add_argument("--seconds", type=float, help="length of a turn (8)")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--data", default="shapes", help="shapes, cifar10 or folder:PATH (shapes)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--compile", action="store_true", help="also with torch.compile")
    parser.add_argument("--busy", action="store_true", help="also beside a program that keeps a core busy")
    parser.add_argument("--full", metavar="NAME", help="also train this network's whole recipe")
    parser.add_argument("--unchecked", action="store_true", help="leave the rival's check out")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there")
    args = parser.parse_args()
    quick = args.quick
    args.networks = args.networks or (
        ["resnet-20", "resnet-56"]
        if quick
        else ["resnet-20", "plain-20", "resnet-56", "resnet-110", "demonstration"]
    )
    args.twins = args.twins or ("no" if quick else "also")
    args.rounds = args.rounds or (3 if quick else 5)
    args.seconds = args.seconds or (2.5 if quick else 8.0)
    return args


def _list(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def main() -> None:
    """Check, measure and print."""
    args = arguments()
    results: dict[str, dict] = {}
    for name in args.networks:
        if name != "demonstration":
            if not args.unchecked:
                found = _child("equality.py", name, args.data, 32, 32, args.device)
                print(f"{name}: the rival computes the same; largest differences {json.dumps(found)}")
            if args.twins != "only":
                results[name] = measure(args, name, twins=False)
        if name == "demonstration" or (args.twins != "no" and name.startswith("resnet")):
            results[f"{name}+twin"] = measure(args, name, twins=True)
    twins_cost(results)
    if args.full:
        results[f"{args.full} full"] = full(args, args.full)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
