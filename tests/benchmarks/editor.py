"""How quick the editor is, from 20 layers to thousands: one command, a table of figures beside their targets.

    python tests/benchmarks/editor.py [--only open,drag,pan,edit,delete,select,whole,type] [--quick]

Networks of 23, 113 and 605 blocks, and one of 4,207 (resnet-1202 with each unit expanded into loose layers),
in the window as people have it, offscreen at 1920x1080, each section in a process of its own. A figure is
processor time of the window's thread from the event to the last pixel, which other programs on the machine
disturb less; the last column has the wall time of the same. The table goes to stdout, as Markdown.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SECTIONS = ("open", "drag", "pan", "edit", "delete", "select", "whole", "type")
PRESETS = ("resnet-38", "resnet-218", "resnet-1202")


def write_networks(folder: Path, quick: bool) -> None:
    """Write the networks as files, the smallest first: of a quick turn only two."""
    from resviz.arch import files
    from resviz.arch.convert import COMPOSITES
    from resviz.arch.layout import arrange
    from resviz.arch.presets import preset
    from resviz.arch.rework import expanded

    networks = [preset(name) for name in PRESETS]
    if quick:
        del networks[1]
    else:
        units = [block.id for block in networks[-1].blocks.values() if block.kind in COMPOSITES]
        networks.append(expanded(networks[-1], units)[0])
    for number, architecture in enumerate(networks):
        for block_id, place in arrange(architecture).items():
            architecture.move(block_id, place)
        files.save(architecture, folder / f"{number}.json")


def main() -> int:
    """Measure the sections that were asked for; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SECTIONS), metavar="SECTION[,…]", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="fewer and shorter turns: to try it out")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    chosen = args.only.split(",")
    unknown = [each for each in chosen if each not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {', '.join(unknown)}: choose from {', '.join(SECTIONS)}")
    from tests.benchmarks import window_kit

    if args.inside:
        from tests.benchmarks import editor_sections

        with tempfile.TemporaryDirectory() as home:
            window_kit.home_of_its_own(Path(home))
            window_kit.send(editor_sections.measure(chosen[0], sorted(args.inside.iterdir()), args.quick))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        write_networks(Path(folder), args.quick)
        inside = [sys.executable, __file__, "--inside", folder, *(["--quick"] if args.quick else [])]
        return window_kit.table(inside, chosen)


if __name__ == "__main__":
    sys.exit(main())
