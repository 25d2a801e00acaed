"""One server with scripted engines for all tests that need nothing special, and a call that takes long."""

from collections.abc import Iterator

import pytest

from tests.e2e.endless import Endless
from tests.e2e.running import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Shared: whatever one test does to it, it must be as good for the next."""
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="session")
def agent_id(server: Server) -> str:
    """An agent that is silent until it is spoken to."""
    return server.agent()


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endless]:
    """It takes more than a minute, so it begins with the first test that uses it, on a server of its own."""
    with running(tmp_path_factory.mktemp("endless")) as server:
        speaker = Endless(server, server.agent())
        try:
            yield speaker
        finally:
            speaker.join()
