"""An experiment's folder: `experiment.json` and one folder a run."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import platformdirs

from resviz.arch import files
from resviz.arch.graph import Architecture, natural_key
from resviz.errors import FormatError, ResvizError, RunError
from resviz.runs import labels
from resviz.runs.run import ARCHITECTURE, RECIPE, Run, read, write
from resviz.train import recipe as recipes
from resviz.train.recipe import Recipe

FORMAT = "resviz-experiment"
VERSION = 1
_EXPERIMENT = "experiment.json"


class ExperimentFile(msgspec.Struct, frozen=True):
    """What `experiment.json` holds."""

    format: str = FORMAT
    version: int = VERSION
    name: str = ""
    created: float = 0.0
    """Seconds since 1970 (UTC)."""
    runs: tuple[str, ...] = ()
    """Names of the run folders beside the file, in the order of the architectures."""


def data_root() -> Path:
    """Return the folder of this person's data: RESVIZ_HOME where it is set. It need not exist yet."""
    home = os.environ.get("RESVIZ_HOME")
    return Path(home) if home else Path(platformdirs.user_data_dir("resviz", appauthor=False))


def experiments_root() -> Path:
    """Return the folder in which experiments are made unless told otherwise."""
    return data_root() / "experiments"


class Experiment:
    """Runs made to be compared: a folder with `experiment.json`."""

    def __init__(self, path: Path, file: ExperimentFile) -> None:
        self.path = path
        self.file = file

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Experiment:
        """Open an experiment's folder.

        Raises:
            RunError: it is none, or is unreadable.
            FormatError: its file is damaged or newer.
        """
        where = Path(path) / _EXPERIMENT
        try:
            file = msgspec.json.decode(read(where), type=ExperimentFile)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"{where} is damaged ({error}): open the runs in its folder one by one."
            raise FormatError(message) from None
        if file.format != FORMAT:
            raise FormatError(f"{where} is a {file.format!r} file, not an experiment: choose another folder.")
        if file.version > VERSION:
            raise FormatError(f"{where} was written by a newer version ({file.version}): update resviz.")
        return cls(Path(path), file)

    @property
    def name(self) -> str:
        """The name that the experiment was made with."""
        return self.file.name or self.path.absolute().name

    @property
    def own_name(self) -> str:
        """The name, if it says more than which networks there are; else ""."""
        parts = (_slug(part) for part in self.name.split(" and "))
        made = all(any(run.startswith(part) for run in self.file.runs) for part in parts)
        return "" if made else self.name

    @property
    def title(self) -> str:
        """What a person calls the experiment, as shown everywhere; without a title, its name."""
        return labels.known(self.path)[0].title or self.name

    @property
    def runs(self) -> list[Run]:
        """The runs that are still there, in the order of the architectures."""
        # A name is one folder beside the file, never a way out of it.
        names = [name for name in self.file.runs if name not in ("", ".", "..") and Path(name).name == name]
        return [run for run in (Run(self.path / name) for name in names) if run.exists()]

    def remove(self, *, keep_folder: bool = False) -> None:
        """Delete the experiment and its runs; what else lies in its folder stays, and with it the folder."""
        for run in self.runs:
            shutil.rmtree(run.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            (self.path / _EXPERIMENT).unlink(missing_ok=True)
            (self.path / labels.FILE).unlink(missing_ok=True)
            if not keep_folder:
                self.path.rmdir()


def write_experiment(
    plan: Mapping[str, tuple[Architecture, Recipe]],
    title: str,
    out: str | os.PathLike[str] | None = None,
    *,
    fill: Callable[[Run], None] = lambda run: None,
) -> Experiment:
    """Write an experiment of the runs in `plan`, by the names of their folders; if that fails, leave nothing.

    Args:
        plan: architecture and recipe of each run; names as `free_name` makes them.
        title: shown, and the folder is named after it.
        out: the experiment's folder, or, where it holds something else already, the folder in which to
            make it; None: a new folder in the person's data.
        fill: adds what else a run is to begin with.

    Raises:
        DiskFullError: there is no room for it.
        RunError: the folder is read-only, or holds an experiment already; or whatever `fill` raises.
    """
    before = out is not None and Path(out).is_dir()
    path = _make_folder(_slug(title), None if out is None else Path(out))
    file = ExperimentFile(name=title, created=time.time(), runs=tuple(plan))
    experiment = Experiment(path, file)
    try:
        for name, (architecture, recipe) in plan.items():
            run = Run(path / name)
            _make(run.path)
            write(run.path / ARCHITECTURE, files.to_json(architecture))
            write(run.path / RECIPE, recipes.to_json(recipe))
            fill(run)
        # Last: a folder that has this file is complete.
        write(path / _EXPERIMENT, msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")
    except ResvizError:
        for name in plan:
            shutil.rmtree(path / name, ignore_errors=True)
        experiment.remove(keep_folder=before and out is not None and path == Path(out))
        raise
    return experiment


def free_name(name: str, taken: Mapping[str, object], suffix: str = "") -> str:
    """Return a folder's name for a run called `name`, with `suffix`, other than those in `taken`."""
    lowered = {key.lower() for key in taken}  # Folder names differ by more than case on some systems only.
    slug = _slug(name) + suffix
    number, candidate = 1, slug
    while candidate.lower() in lowered:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def list_experiments(root: str | os.PathLike[str] | None = None) -> list[Experiment]:
    """Return the experiments in a folder (None: the person's data), newest first, without damaged ones."""
    folder = experiments_root() if root is None else Path(root)
    found = []
    for entry in _subfolders(folder):
        if (entry / _EXPERIMENT).is_file():
            with contextlib.suppress(ResvizError):
                found.append(Experiment.open(entry))
    return sorted(found, key=lambda e: e.file.created, reverse=True)


def experiment_of(run: Run) -> Experiment | None:
    """Return the experiment that a run stands in; None: it stands alone, or in a damaged one."""
    try:
        return Experiment.open(run.path.absolute().parent)
    except ResvizError:
        return None


def is_experiment(path: str | os.PathLike[str]) -> bool:
    """Say whether a folder is an experiment's."""
    return (Path(path) / _EXPERIMENT).is_file()


def find_runs(path: str | os.PathLike[str]) -> list[Run]:
    """Return the runs of a run's, an experiment's or a folder of experiments' folder.

    Raises:
        RunError: there is none.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise RunError(f"There is no folder {folder}: give the folder of a run or of an experiment.")
    if Run(folder).exists():
        return [Run(folder)]
    found: list[Run] = []
    if is_experiment(folder):
        found = Experiment.open(folder).runs
    else:
        found += [run for experiment in list_experiments(folder) for run in experiment.runs]
        found += [Run(entry) for entry in _subfolders(folder) if Run(entry).exists()]
    if not found:
        raise RunError(f"{folder} holds no run: give the folder of a run or of an experiment.")
    return found


def _slug(text: str) -> str:
    """Return `text` as a folder name that every system takes."""
    slug = re.sub(r"[^\w.+-]+", "-", text).strip("-. ")[:80] or "run"
    reserved = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", slug, re.IGNORECASE)
    return f"{slug}-run" if reserved else slug


def _make_folder(name: str, out: Path | None) -> Path:
    """Make and return a new experiment's folder."""
    if out is not None:
        if (out / _EXPERIMENT).is_file() or Run(out).exists():
            raise RunError(f"{out} holds an experiment already: resume it, or choose another folder.")
        _make(out, parents=True)
        if not any(out.iterdir()):
            return out
    parent = experiments_root() if out is None else out
    _make(parent, parents=True)
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        except OSError as error:
            raise _refused(path, error) from error
        else:
            return path


def _make(path: Path, parents: bool = False) -> None:
    try:
        path.mkdir(parents=parents, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> RunError:
    return RunError(f"Cannot make {path} ({error.strerror or error}): choose another place or make room.")


def _subfolders(folder: Path) -> list[Path]:
    try:
        entries = [entry for entry in folder.iterdir() if entry.is_dir()]
        return sorted(entries, key=lambda entry: natural_key(entry.name))
    except OSError:
        return []
