"""What the window can do: one table of actions with their menus and shortcuts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.bottom import EXPLAIN, RUNS
from app.canvas.costs import COSTS
from app.layouts.catalogue import KINDS, LAYOUTS
from app.menus import Spec
from app.plots.quantities import QUANTITIES
from app.side import INSPECTOR, LESSON

if TYPE_CHECKING:
    from app.window import MainWindow


_LAYOUTS, _COLOURS, _TIME, _TABS = "View/Layouts", "View/Colour by", "View/Time", "View/Tabs"


def window_specs(window: MainWindow) -> list[Spec]:
    """Return the actions of `window`, in the order of its menus."""
    work, lab, bottom, side = window.workspace, window.side.lab, window.bottom, window.side
    filing, show = window.filing, window.showing
    time, fill = bottom.timeline, window.overlay.show_quantity
    return [
        Spec("File", "presets", "New from preset…", "Ctrl+N", window.show_presets),
        Spec("File", "new", "New empty network", "Ctrl+Alt+N", work.new_empty),
        Spec("File", "open", "Open…", "Ctrl+O", filing.open),
        Spec("File", "open_runs", "Open runs from a folder…", "Ctrl+Shift+O", window.open_runs),
        Spec("File", "save", "Save", "Ctrl+S", filing.save),
        Spec("File", "save_as", "Save as…", "Ctrl+Shift+S", filing.save_as),
        Spec("File", "close_tab", "Close", "Ctrl+W", filing.close_tab),
        Spec("File", "reopen", "Reopen what was closed last", "Ctrl+Shift+W", work.reopen),
        Spec("File"),
        Spec("File", "save_picture", "Save picture of the plot…", "Ctrl+Shift+E", bottom.save_picture),
        Spec("File", "copy_picture", "Copy picture of the plot", "Ctrl+Shift+C", bottom.copy_picture),
        Spec("File", "save_network", "Save picture of the network…", "Ctrl+Alt+E", filing.save_picture),
        Spec("File", "save_code", "Save as PyTorch code…", "Ctrl+Alt+C", filing.exporting.code),
        Spec("File", "save_onnx", "Save as ONNX…", "Ctrl+Alt+O", filing.exporting.onnx),
        Spec("File", "report", "Report of the experiment…", "Ctrl+R", bottom.table.writing.report),
        Spec("File", "export", "Export the runs…", "Ctrl+E", bottom.table.writing.export),
        Spec("File"),
        Spec("File", "quit", "Quit", "Ctrl+Q", window.quit),
        Spec("Edit", "undo", "Undo", "Ctrl+Z", work.undo),
        Spec("Edit", "redo", "Redo", "Ctrl+Shift+Z", work.redo),
        Spec("Edit", "twin", "Twin beside", "Ctrl+Shift+T", work.twin_beside),
        Spec("Edit", "find", "Find a block… (on the canvas Ctrl+F too)", "Ctrl+G", window.finder.find),
        Spec("Edit", "compare", "Differences between the networks…", "Ctrl+Shift+D", window.finder.compare),
        Spec("View", "inspector", "Inspector", "Ctrl+I", lambda: side.tabs.setCurrentIndex(INSPECTOR)),
        Spec("View", "costs", "Costs of the network", "Ctrl+Shift+I", side.show_costs),
        *(
            Spec(
                _LAYOUTS,
                f"layout_{layout.key}",
                layout.title,
                f"Ctrl+{place}",
                partial(bottom.setCurrentIndex, place - 1),
            )
            for place, layout in enumerate(LAYOUTS, 1)
        ),
        Spec(_LAYOUTS, "runs", "Runs", f"Ctrl+{RUNS + 1}", lambda: bottom.setCurrentIndex(RUNS)),
        Spec(_LAYOUTS, "explain", "Explain", f"Ctrl+{EXPLAIN + 1}", lambda: bottom.setCurrentIndex(EXPLAIN)),
        *(
            Spec(
                _COLOURS,
                f"colour_{key}",
                f"Colour by {each.title.lower()}",
                f"Alt+{place}",
                partial(fill, each),
            )
            for place, (key, each) in enumerate(QUANTITIES.items(), 1)
        ),
        Spec(_COLOURS),
        *(
            Spec(
                _COLOURS,
                f"colour_{key}",
                f"Colour by share of {kind.title.lower()}",
                f"Alt+{place}",
                partial(window.overlay.show_cost, kind),
            )
            for place, (key, kind) in enumerate(COSTS.items(), 5)
        ),
        Spec(_COLOURS),
        Spec(
            _COLOURS,
            "colour_live",
            "Colour as training goes",
            "Alt+0",
            lambda: window.overlay.show_cost(None),
        ),
        Spec(_TIME, "replay", "Replay", "Alt+P", time.toggle),
        Spec(_TIME, "earlier", "Probe before", "Alt+Left", lambda: time.step(-1)),
        Spec(_TIME, "later", "Probe after", "Alt+Right", lambda: time.step(1)),
        Spec(_TIME, "first", "First probe", "Alt+Home", time.go_to_start),
        Spec(_TIME, "live", "Newest probe, live", "Alt+End", time.go_live),
        Spec(_TIME, "go_to", "Go to iteration…", "Alt+G", bottom.transport.ask),
        Spec(_TABS, "next_tab", "Next tab", "Ctrl+Tab", partial(work.step_tab, 1), more=("Ctrl+PgDown",)),
        Spec(
            _TABS,
            "previous_tab",
            "Tab before",
            "Ctrl+Shift+Tab",
            partial(work.step_tab, -1),
            more=("Ctrl+PgUp",),
        ),
        Spec(_TABS, "move_tab", "Move to the other pane", "Ctrl+Alt+P", work.move_to_other_pane),
        Spec("View"),
        Spec("View", "palette", "Palette of blocks", "Ctrl+B", show.toggle_palette),
        Spec("View", "theme", "Dark or light", "Ctrl+Shift+L", show.toggle_theme),
        Spec("View", "present", "Presentation mode", "F5", show.toggle_presentation, checkable=True),
        Spec("View", "full_screen", "Full screen", "F11", show.toggle_full_screen),
        *(
            Spec(
                "Plots",
                f"plot_{key}",
                kind.title,
                f"Ctrl+P, {kind.letter}",
                partial(bottom.toggle_plot, key),
                checkable=True,
            )
            for key, kind in KINDS.items()
        ),
        Spec("Plots"),
        Spec("Plots", "seeds", "Mean and range over seeds", "Alt+M", lambda: time.join_seeds(not time.seeds)),
        Spec("Plots", "plot_alone", "Full screen of one plot", "Shift+F11", show.toggle_alone),
        Spec("Plots", "reset_layout", "Reset this layout", "Ctrl+P, 0", bottom.reset_layout),
        Spec("Train", "train", "Train", "Ctrl+Return", lab.train),
        Spec("Train", "pause", "Pause or resume", "Ctrl+.", lab.pause_or_resume),
        Spec("Train", "stop", "Stop", "Ctrl+Shift+.", lab.stop),
        Spec("Train", "checkpoint", "Write a checkpoint now", "Ctrl+K", lab.checkpoint),
        Spec("Train"),
        Spec("Train", "measure", "Measure time and memory", "Ctrl+Alt+M", side.measure),
        Spec("Train", "fork", "Fork…", "Ctrl+Shift+F", bottom.table.forking.fork),
        Spec("Train", "rewind", "Rewind…", "Ctrl+Shift+R", bottom.table.forking.rewind),
        Spec("Train", "new_training", "New training…", "Ctrl+Shift+N", lab.back_to_form),
        Spec("Runs", "find_runs", "Find runs…", "Ctrl+F", bottom.table.look_for),
        Spec("Runs"),
        Spec("Runs", "show_only", "Show only the selected runs", "Ctrl+Shift+H", bottom.table.show_only),
        Spec("Runs", "hide_all", "Hide all curves", "Ctrl+H", window.session.hide_all),
        Spec("Runs"),
        Spec("Runs", "rename_run", "Rename the selected run", "F2", bottom.table.rename),
        Spec("Runs", "label_runs", "Tags and note…", "Ctrl+Shift+G", bottom.table.label),
        Spec("Help", "about", "About this block", "F1", window.help.help),
        Spec("Help", "lesson", "Lesson", "Shift+F1", lambda: side.tabs.setCurrentIndex(LESSON)),
        Spec("Help", "commands", "All commands…", "Ctrl+Shift+P", window.show_commands),
    ]
