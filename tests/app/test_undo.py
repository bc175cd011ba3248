import gc

import pytest

from app.undo import Command, UndoStack


class Put(Command):
    """Append a value to a list; values put in the same session become one step."""

    def __init__(self, values, value, session=None):
        super().__init__(f"Put {value}")
        self.values, self.new, self.session = values, [value], session

    def redo(self):
        if self.new == [0]:
            raise ZeroDivisionError
        self.values.extend(self.new)

    def undo(self):
        del self.values[-len(self.new) :]

    def merge_with(self, other):
        if self.session is None or other.session != self.session:
            return False
        self.new += other.new
        return True


@pytest.fixture
def values():
    return []


@pytest.fixture
def stack(qapp):
    return UndoStack()


def test_there_and_back(stack, values):
    for value in (1, 2, 3):
        stack.push(Put(values, value))
    assert (stack.count(), stack.index(), stack.undoText(), stack.redoText()) == (3, 3, "Put 3", "")
    stack.undo()
    stack.undo()
    assert values == [1]
    assert (stack.undoText(), stack.redoText()) == ("Put 1", "Put 2")
    stack.redo()
    assert values == [1, 2]
    stack.push(Put(values, 9))
    assert not stack.canRedo()
    assert values == [1, 2, 9]
    for _ in range(5):
        stack.undo()
    assert values == []
    assert not stack.canUndo()


def test_a_macro_is_one_step_and_an_empty_one_none(stack, values):
    stack.beginMacro("Both")
    stack.push(Put(values, 1))
    assert not stack.canUndo()
    stack.beginMacro("Inner")
    stack.push(Put(values, 2))
    stack.endMacro()
    stack.endMacro()
    stack.beginMacro("Nothing")
    stack.endMacro()
    assert (stack.count(), stack.undoText()) == (1, "Both")
    stack.undo()
    assert values == []
    stack.redo()
    assert values == [1, 2]


def test_merging(stack, values):
    for value in (1, 2, 3):
        stack.push(Put(values, value, session=1))
    stack.push(Put(values, 4, session=2))
    assert stack.count() == 2
    stack.undo()
    stack.undo()
    assert values == []
    stack.redo()
    assert values == [1, 2, 3]


def test_the_saved_state_is_not_merged_away(stack, values):
    cleanness = []
    stack.cleanChanged.connect(cleanness.append)
    assert stack.isClean()
    stack.push(Put(values, 1, session=1))
    stack.setClean()
    stack.push(Put(values, 2, session=1))
    assert stack.count() == 2
    stack.undo()
    assert stack.isClean()
    assert values == [1]
    assert cleanness == [False, True, False, True]


def test_a_saved_state_that_cannot_be_reached_is_never_clean_again(stack, values):
    stack.push(Put(values, 1))
    stack.setClean()
    stack.undo()
    stack.push(Put(values, 2))
    assert not stack.isClean()
    stack.undo()
    assert not stack.isClean()


def test_what_raises_is_not_kept(stack, values):
    stack.push(Put(values, 1))
    with pytest.raises(ZeroDivisionError):
        stack.push(Put(values, 0))
    assert stack.count() == 1
    stack.undo()
    assert values == []


def test_clear_forgets_everything(stack, values):
    stack.push(Put(values, 1))
    stack.clear()
    assert (stack.count(), stack.canUndo(), stack.isClean()) == (0, False, True)


def test_the_collector_may_find_stack_and_commands_together(qapp):
    for _ in range(40):
        stack, values = UndoStack(), []
        for value in (1, 2, 3):
            command = Put(values, value)
            command.stack = stack
            stack.push(command)
        stack.me = stack
        stack.more = [{"a": [number]} for number in range(300)]
        del stack, values, command
    gc.collect()


def test_every_step_is_told_with_what_it_is(stack, values):
    heard = []
    for name in ("did", "undid", "redid"):
        getattr(stack, name).connect(lambda step, name=name: heard.append((name, step.text)))
    stack.undo()
    stack.redo()
    stack.push(Put(values, 1))
    stack.push(Put(values, 2, session=7))
    stack.push(Put(values, 3, session=7))  # becomes one step with the one before
    assert stack.newest().text == "Put 2"
    stack.undo()
    assert (stack.newest().text, stack.next().text) == ("Put 1", "Put 2")
    stack.redo()
    assert stack.next() is None
    assert heard == [
        ("did", "Put 1"),
        ("did", "Put 2"),
        ("did", "Put 2"),
        ("undid", "Put 2"),
        ("redid", "Put 2"),
    ]
