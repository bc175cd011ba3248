"""Parameter fields: one widget a parameter type, each able to show that several blocks differ."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QWidget

from app.boxes import ComboBox, DoubleSpinBox, SpinBox
from resviz.arch.graph import Block
from resviz.arch.spec import Parameter, Value

MIXED = "mixed"
_BOTH_WAYS = QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled


class ParameterField(QObject):
    """Binds a widget to one parameter of one or several blocks."""

    committed = Signal(object)
    """A new value, for all blocks."""
    settled = Signal()
    """Enter was pressed or the field was left: what comes next is another undo step."""

    def __init__(self, parameter: Parameter, widget: QWidget) -> None:
        super().__init__(widget)
        self.parameter = parameter
        self.widget = widget
        widget.setToolTip(parameter.doc)
        widget.setAccessibleName(parameter.name)

    def show_values(self, values: Sequence[Value]) -> None:
        """Show the common value, or that the values differ, without telling anyone."""
        raise NotImplementedError


class NumberField(ParameterField):
    """Whole numbers and fractions."""

    def __init__(self, parameter: Parameter) -> None:
        self._box: _WholeBox | _FractionBox = (
            _FractionBox() if isinstance(parameter.default, float) else _WholeBox()
        )
        super().__init__(parameter, self._box)
        self._low = parameter.minimum if parameter.minimum is not None else -1e6
        self._high = parameter.maximum if parameter.maximum is not None else 1e6
        self._box.setKeyboardTracking(False)
        self._box.lineEdit().setTextMargins(6, 0, 0, 0)  # a style sheet's padding does not reach the text
        if isinstance(self._box, DoubleSpinBox):
            self._box.setDecimals(2)
            self._box.setSingleStep(0.05)
            self._box.valueChanged.connect(self._on_fraction_changed)
        else:
            self._box.setSingleStep(8 if parameter.name in ("out_channels", "width") else 1)
            self._box.valueChanged.connect(self._on_whole_changed)
        self._box.editingFinished.connect(self.settled)

    def show_values(self, values: Sequence[Value]) -> None:
        """Show the value; several differing ones as one step below the least, which reads "mixed".

        The arrows lead on from the first of them.
        """
        mixed = len(set(values)) > 1
        self._box.start = values[0] if mixed else None
        with QSignalBlocker(self._box):
            if isinstance(self._box, DoubleSpinBox):
                low = self._low - 0.05 if mixed else self._low
                self._box.setRange(low, self._high)
                self._box.setValue(low if mixed else float(values[0]))
            else:
                whole = int(self._low) - 1 if mixed else int(self._low)
                self._box.setRange(whole, int(self._high))
                self._box.setValue(whole if mixed else int(values[0]))
            self._box.setSpecialValueText(MIXED if mixed else "")

    @Slot(int)
    def _on_whole_changed(self, value: int) -> None:
        if value >= self._low:
            self.committed.emit(value)

    @Slot(float)
    def _on_fraction_changed(self, value: float) -> None:
        if value >= self._low:
            self.committed.emit(round(value, 4))


class ChoiceField(ParameterField):
    """One of several words."""

    def __init__(self, parameter: Parameter) -> None:
        self._box = ComboBox()
        super().__init__(parameter, self._box)
        self._box.addItems(parameter.choices)
        self._box.setPlaceholderText(MIXED)
        self._box.activated.connect(self._on_activated)

    def show_values(self, values: Sequence[Value]) -> None:
        """Choose the common word, or none."""
        self._box.setCurrentIndex(-1 if len(set(values)) > 1 else self._box.findText(str(values[0])))

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.committed.emit(self._box.itemText(index))
        self.settled.emit()


class SwitchField(ParameterField):
    """Yes or no."""

    def __init__(self, parameter: Parameter) -> None:
        self._box = QCheckBox()
        super().__init__(parameter, self._box)
        self._box.clicked.connect(self._on_clicked)

    def show_values(self, values: Sequence[Value]) -> None:
        """Check the box, or half-check it where values differ."""
        mixed = len(set(values)) > 1
        self._box.setTristate(mixed)
        state = (
            Qt.CheckState.PartiallyChecked
            if mixed
            else Qt.CheckState.Checked
            if values[0]
            else Qt.CheckState.Unchecked
        )
        self._box.setCheckState(state)
        self._box.setText(MIXED if mixed else "")

    @Slot()
    def _on_clicked(self) -> None:
        self._box.setTristate(False)
        self.committed.emit(self._box.isChecked())
        self.settled.emit()


def field_for(parameter: Parameter) -> ParameterField:
    """Return the field that fits a parameter's type."""
    if isinstance(parameter.default, bool):
        return SwitchField(parameter)
    return ChoiceField(parameter) if isinstance(parameter.default, str) else NumberField(parameter)


def common_parameters(blocks: list[Block]) -> list[Parameter]:
    """Return the parameters that all blocks have, same type and choices, each within the range of all."""
    first = blocks[0].spec
    specs = {block.kind: block.spec for block in blocks}.values()
    common = []
    for parameter in first.parameters:
        others = [next((p for p in spec.parameters if p.name == parameter.name), None) for spec in specs]
        same = [
            p
            for p in others
            if p is not None and type(p.default) is type(parameter.default) and p.choices == parameter.choices
        ]
        if len(same) == len(others):
            lows = [p.minimum for p in same if p.minimum is not None]
            highs = [p.maximum for p in same if p.maximum is not None]
            common.append(
                Parameter(
                    parameter.name,
                    parameter.default,
                    parameter.doc,
                    max(lows, default=None),
                    min(highs, default=None),
                    parameter.choices,
                )
            )
    return common


class _WholeBox(SpinBox):
    start: Value | None = None
    """Where the arrows begin while what is shown is no value."""

    def stepBy(self, steps: int) -> None:
        """Step from `start` if there is one."""
        if self.start is None:
            super().stepBy(steps)
        else:
            self.setValue(max(int(self.start) + steps * self.singleStep(), self.minimum() + 1))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Let both arrows work while there is no value."""
        return super().stepEnabled() if self.start is None else _BOTH_WAYS


class _FractionBox(DoubleSpinBox):
    start: Value | None = None

    def stepBy(self, steps: int) -> None:
        """Step from `start` if there is one."""
        if self.start is None:
            super().stepBy(steps)
        else:
            self.setValue(max(float(self.start) + steps * self.singleStep(), self.minimum() + 0.05))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Let both arrows work while there is no value."""
        return super().stepEnabled() if self.start is None else _BOTH_WAYS
