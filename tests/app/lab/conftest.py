"""A session with workers of its own."""

import pytest

from app.lab.bridge import WorkerBridge
from app.lab.session import Session


@pytest.fixture
def session(qtbot):
    bridge = WorkerBridge()
    yield Session(bridge)
    bridge.close()
