"""One server with scripted engines for all tests that need nothing special."""

from collections.abc import Iterator

import pytest

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
