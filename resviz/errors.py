"""Every error a person can meet; each message says in one sentence what happened and what to do next."""


class ResvizError(Exception):
    """A person's mistake or a broken surrounding; `str(error)` is the sentence to show."""


class ArchitectureError(ResvizError):
    """An edit or a file that would make the architecture something other than a graph of known blocks."""


class CycleError(ArchitectureError):
    """A wire would close a cycle."""


class DuplicateBlockError(ArchitectureError):
    """A block id is taken."""


class UnknownBlockError(ArchitectureError):
    """A block id, or a block kind, does not exist."""


class PortError(ArchitectureError):
    """A port does not exist, or is taken."""


class ParameterError(ArchitectureError):
    """A block parameter is unknown or out of its range."""


class PresetError(ArchitectureError):
    """A preset name is not understood."""


class FormatError(ResvizError):
    """A file is damaged, is of another format, or is newer than this program."""


class BuildError(ResvizError):
    """An architecture with problems cannot be built as a network."""


class DataError(ResvizError):
    """Missing, truncated or unsuitable data."""


class RecipeError(ResvizError):
    """A recipe field has a value that training cannot use."""


class DeviceError(ResvizError):
    """The chosen device is missing, too old or out of memory."""


class RunError(ResvizError):
    """A run's or experiment's directory cannot be used as asked."""


class DiskFullError(RunError):
    """There is no room for what was to be written; what is in memory can be written later."""


class CheckpointError(RunError):
    """A checkpoint is damaged or does not belong to the run."""
