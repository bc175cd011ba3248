"""Every command in any order: undo leads back, redo leads on, files hold all of it, the canvas shows it.

EDITOR_SEQUENCES=5000 pytest tests/app/editor/test_every_command.py --timeout 7200
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from PySide6.QtCore import QCoreApplication, QEvent, QPointF

from app.canvas.scene import NetworkScene
from app.document import Document
from app.editor.align import ALIGNMENTS
from app.editor.edits import Edits, new_session
from app.editor.units import UnitEdits
from resviz.arch import files
from resviz.arch.blocks import CATALOGUE
from resviz.arch.definitions import key_of
from resviz.arch.graph import Architecture, Wire
from resviz.arch.mends import Mender
from resviz.arch.presets import preset
from resviz.arch.shapes import infer
from resviz.errors import ResvizError
from tests.arch.documents import loose_unit

SEQUENCES = int(os.environ.get("EDITOR_SEQUENCES", "200"))
STEPS = 10

NUMBERS = st.integers(0, 10**6)
"""Choose from what is there at the moment: taken modulo how much there is."""
PLACES = st.tuples(st.integers(-40, 40), st.integers(-20, 20)).map(lambda at: (at[0] * 16.0, at[1] * 16.0))
BEGINNINGS = {
    "nothing": Architecture,
    "resnet-8": lambda: preset("resnet-8-w4"),
    "plain-20": lambda: preset("plain-20-w4"),
    "resnet-20-B": lambda: preset("resnet-20-B-w4"),
    "loose": loose_unit,
    "bottlenecks": lambda: preset("preact-29-w4"),
}


def seen(scene):
    """Return all that a scene draws, without how it came to it."""
    QCoreApplication.processEvents()
    blocks = {
        tuple(item.members): (
            item.is_stack,
            item.pos().toTuple(),
            item.face,
            {port: place.toTuple() for port, place in item.inputs.items()},
            item.has_output,
            item._taken,
        )
        for item in scene.block_items()
    }
    wires = {}
    for wire in scene.document.architecture.wires:
        item = scene._wires.get(wire)
        if item is not None:
            ends = item.path.pointAtPercent(0).toTuple(), item.path.pointAtPercent(1).toTuple()
            wires[wire] = (ends, item.look, item.adds)
    assert len(wires) == len(scene._wires)
    return blocks, wires, sorted(scene.captions)


class EveryCommand(RuleBasedStateMachine):
    """A person who does anything at all."""

    @initialize(beginning=st.sampled_from(sorted(BEGINNINGS)))
    def begin(self, beginning):
        self.document = Document(BEGINNINGS[beginning]())
        self.scene = NetworkScene(self.document)
        self.edits, self.units = Edits(self.document), UnitEdits(self.document)
        self.states = [self.file()]
        """The files of the documents between the steps, as far as can be undone and done again."""

    def file(self):
        return files.to_json(self.document.architecture)

    # Choosing

    @property
    def architecture(self):
        return self.document.architecture

    def block(self, number):
        known = list(self.architecture.blocks)
        return known[number % len(known)] if known else None

    def wire(self, number):
        known = self.architecture.wires
        return known[number % len(known)] if known else None

    def some(self, number, length):
        """Return blocks that follow each other in the network, or a single one."""
        order = self.architecture.order()
        if not order:
            return []
        first = number % len(order)
        return order[first : first + length]

    def do(self, verb):
        """Do what may be refused, and then changes nothing."""
        before, index = self.file(), self.document.undo_stack.index()
        refusal = ""
        try:
            verb()
        except ResvizError as error:
            refusal = str(error)
        if refusal:
            assert refusal.rstrip().endswith((".", ":", "?", "!")), refusal
            assert self.file() == before
            assert self.document.undo_stack.index() == index
            return
        now = self.document.undo_stack.index()
        if self.file() == before:
            assert now == index, "a step that changes nothing"
            return
        assert now == index + 1, "one step for one command"
        del self.states[now:]
        self.states.append(self.file())
        assert len(self.states) == now + 1

    # Blocks and wires

    @rule(kind=st.sampled_from(sorted(CATALOGUE)), place=PLACES, number=NUMBERS, into=st.integers(0, 3))
    def add(self, kind, place, number, into):
        spec, centre = CATALOGUE[kind], QPointF(*place)
        wire, block = self.wire(number), self.block(number)
        if into == 1 and wire is not None and spec.inputs and spec.outputs:
            self.do(lambda: self.edits.add(kind, centre, wire=wire))
        elif into == 2 and block is not None:
            self.do(lambda: self.edits.add(kind, centre, after=block))
        elif into == 3 and block is not None and spec.inputs and spec.outputs:
            inputs, outputs = self.architecture[block].spec.inputs, self.architecture[block].spec.outputs
            ports = [(port, True) for port in inputs] + [(port, False) for port in outputs]
            port, is_input = ports[number % len(ports)]
            self.do(lambda: self.edits.add_at(kind, centre, block, port, is_input=is_input))
        else:
            self.do(lambda: self.edits.add(kind, centre))

    @rule(number=NUMBERS, length=st.integers(0, 5), wires=st.lists(NUMBERS, max_size=2))
    def remove(self, number, length, wires):
        blocks = self.some(number, length)
        chosen = {self.wire(each) for each in wires} - {None}
        self.do(lambda: self.edits.remove(blocks, chosen))

    @rule(number=NUMBERS, length=st.integers(1, 5), wires=st.lists(NUMBERS, max_size=2))
    def heal(self, number, length, wires):
        blocks = self.some(number, length)
        chosen = {self.wire(each) for each in wires} - {None}
        self.do(lambda: self.units.heal(blocks, chosen))

    @rule(source=NUMBERS, sink=NUMBERS, port=NUMBERS, instead=st.none() | NUMBERS)
    def connect(self, source, sink, port, instead):
        here, there = self.block(source), self.block(sink)
        if here is None or not self.architecture[there].spec.inputs:
            return
        inputs = self.architecture[there].spec.inputs
        held = self.wire(instead) if instead is not None else None
        wire = Wire(here, there, "out", inputs[port % len(inputs)])
        self.do(lambda: self.edits.connect(wire, instead=held))

    @rule(number=NUMBERS, wires=st.lists(NUMBERS, min_size=1, max_size=3))
    def cut(self, number, wires):
        chosen = {self.wire(each) for each in wires} - {None}
        units = [b for b in self.some(number, 2) if self.architecture[b].shortcut not in (None, "none")]
        self.do(lambda: self.units.cut(units, chosen))

    @rule(number=NUMBERS, name=st.sampled_from(["a", "stage1.block2", "conv1", " x ", "", "mine.conv1", "ü"]))
    def rename(self, number, name):
        block = self.block(number)
        if block is not None:
            self.do(lambda: self.edits.rename(block, name))

    @rule(number=NUMBERS, which=NUMBERS, length=st.integers(1, 4), value=st.integers(0, 9))
    def set_parameter(self, number, which, length, value):
        blocks = self.some(number, length)
        if not blocks or not self.architecture[blocks[0]].spec.parameters:
            return
        parameters = self.architecture[blocks[0]].spec.parameters
        wanted = parameters[which % len(parameters)]
        if wanted.choices:
            value = wanted.choices[value % len(wanted.choices)]
        elif isinstance(wanted.default, bool):
            value = bool(value % 2)
        alike = [b for b in blocks if self.architecture[b].kind == self.architecture[blocks[0]].kind]
        self.do(lambda: self.edits.set_params({b: {wanted.name: value} for b in alike}, new_session()))

    # Whole units

    @rule(verb=st.sampled_from(["bypass", "plain", "shortcut", "expand", "collapse", "fold", "unfold"]),
          number=NUMBERS, length=st.integers(0, 6))  # fmt: skip
    def rework(self, verb, number, length):
        blocks = self.some(number, length)
        self.do(lambda: getattr(self.units, verb)(blocks))

    @rule(number=NUMBERS, length=st.integers(1, 3), times=st.integers(1, 5), fold=st.booleans())
    def repeat(self, number, length, times, fold):
        blocks = self.some(number, length)
        self.do(lambda: self.units.repeat(blocks, times, fold=fold))

    @rule(number=NUMBERS, length=st.integers(1, 4), name=st.sampled_from(["own", "mine", "conv", ""]))
    def define(self, number, length, name):
        blocks = self.some(number, length)
        self.do(lambda: self.units.define(blocks, name, "a block of one's own"))

    @rule(which=NUMBERS, place=PLACES, number=NUMBERS, into=st.integers(0, 2))
    def add_own(self, which, place, number, into):
        names = sorted(self.architecture.definitions)
        wire, block = self.wire(number), self.block(number)
        if not names:
            return
        key, centre = key_of(names[which % len(names)]), QPointF(*place)
        if into == 1 and wire is not None:
            self.do(lambda: self.edits.add(key, centre, wire=wire))
        elif into == 2 and block is not None and self.architecture[block].spec.outputs:
            self.do(lambda: self.edits.add_at(key, centre, block, "out", is_input=False))
        else:
            self.do(lambda: self.edits.add(key, centre, after=block))

    @rule(number=NUMBERS, which=NUMBERS, verb=st.sampled_from(["unpack", "rename", "delete"]))
    def unmake(self, number, which, verb):
        names = sorted(self.architecture.definitions)
        if not names or verb == "unpack":
            self.do(lambda: self.units.unpack(self.some(number, 1)))
        elif verb == "rename":
            self.do(lambda: self.units.rename_definition(names[which % len(names)], "other", ""))
        else:
            self.do(lambda: self.units.delete_definition(names[which % len(names)]))

    @rule(number=NUMBERS, which=NUMBERS)
    def mend(self, number, which):
        problems = self.document.inference.problems
        if problems:
            problem = problems[number % len(problems)]
            mends = Mender(self.architecture, self.document.inference).mends(problem)
            if mends:
                self.do(lambda: self.units.mend(mends[which % len(mends)]))

    @rule()
    def mend_all(self):
        self.do(self.units.mend_all)

    # Copies

    @rule(number=NUMBERS, length=st.integers(1, 6), place=st.none() | PLACES)
    def copy_and_paste(self, number, length, place):
        text = self.edits.copy_text(self.some(number, length))
        centre = QPointF(*place) if place is not None else None
        self.do(lambda: self.edits.paste_text(text, centre))

    @rule(number=NUMBERS, length=st.integers(1, 6))
    def duplicate(self, number, length):
        blocks = self.some(number, length)
        self.do(lambda: self.edits.duplicate(blocks))

    # Places

    @rule(number=NUMBERS, length=st.integers(1, 6), place=PLACES)
    def nudge(self, number, length, place):
        blocks = self.some(number, length)
        self.do(lambda: self.edits.nudge(blocks, *place, new_session()))

    @rule(number=NUMBERS, length=st.integers(2, 6), name=st.sampled_from([*ALIGNMENTS, 0, 1]))
    def arrange(self, number, length, name):
        blocks = self.some(number, length)
        if len(blocks) > 1:
            verb = self.edits.align if isinstance(name, str) else self.edits.distribute
            self.do(lambda: verb(blocks, name))

    @rule()
    def tidy_up(self):
        self.do(self.edits.tidy_up)

    # The whole

    @rule()
    def twin(self):
        self.do(self.edits.twin)

    @rule(name=st.sampled_from(["other", "", "mine"]))
    def rename_architecture(self, name):
        self.do(lambda: self.edits.rename_architecture(name))

    @rule(beginning=st.sampled_from(sorted(BEGINNINGS)))
    def replace(self, beginning):
        self.do(lambda: self.document.replace(BEGINNINGS[beginning](), "New"))

    @rule(steps=st.integers(1, 4))
    def undo(self, steps):
        for _ in range(steps):
            self.document.undo_stack.undo()
            assert self.file() == self.states[self.document.undo_stack.index()]

    @rule(steps=st.integers(1, 4))
    def redo(self, steps):
        for _ in range(steps):
            self.document.undo_stack.redo()
            assert self.file() == self.states[self.document.undo_stack.index()]

    # What always holds

    @invariant()
    def the_file_holds_it(self):
        if hasattr(self, "document"):
            read = files.from_json(self.file())
            assert read == self.architecture
            assert files.to_json(read) == self.file()

    @invariant()
    def what_is_said_of_it_is_up_to_date(self):
        if hasattr(self, "document"):
            assert self.document.inference == infer(self.architecture)

    @invariant()
    def the_canvas_shows_it(self):
        if hasattr(self, "document"):
            shown = seen(self.scene)
            anew = NetworkScene(self.document)
            try:
                assert shown == seen(anew)
            finally:
                anew.deleteLater()

    def teardown(self):
        if not hasattr(self, "document"):
            return
        stack = self.document.undo_stack
        while stack.canRedo():
            self.redo(1)
        while stack.canUndo():
            self.undo(1)
        assert stack.index() == 0
        while stack.canRedo():
            self.redo(1)
        assert stack.index() == len(self.states) - 1
        self.the_canvas_shows_it()
        self.scene.deleteLater()
        self.document.deleteLater()
        # No event loop runs here that would delete what is to be deleted later.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.usefixtures("qapp")
def test_every_command_in_any_order():
    run_state_machine_as_test(
        EveryCommand,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
