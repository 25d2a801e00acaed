"""``vivavoce serve``: what an operator sees when a server starts and stops."""

import asyncio
import re
import stat
from pathlib import Path

import pytest

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import SCRIPTED, run_cli, running
from vivavoce.cli import main, serve
from vivavoce.config import Config
from vivavoce.store.database import open_database


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "http"], "VIVAVOCE_PORT cannot be 'http': it takes a port number from 0"),
        (["--port", "70000"], "VIVAVOCE_PORT cannot be '70000'"),
    ],
)
def test_a_wrong_port_is_one_sentence(
    arguments: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Exit code 2, before anything is opened."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVAVOCE_DATA", str(tmp_path / "data"))
    code = main(["serve", *arguments])
    said = capsys.readouterr()

    assert (2, "", 1) == (code, said.out, said.err.count("\n"))
    assert said.err.startswith(f"vivavoce: {complaint}")
    assert not (tmp_path / "data").exists()


def test_a_first_start_that_was_killed_spoils_no_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the demo gets its name when it is complete, and is the operator's alone."""
    config = Config(data=tmp_path / "data")

    async def start() -> tuple[str, str]:
        database = await open_database(config.database_url)
        try:
            return await serve._demo(config, database)
        finally:
            await database.close()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(start())
    made = asyncio.run(start())

    assert all(made)
    assert made == asyncio.run(start())
    assert 0o600 == stat.S_IMODE((config.data / "demo").stat().st_mode)


@pytest.mark.slow
def test_a_start_prints_all_that_one_needs(tmp_path: Path) -> None:
    """The page, what hears, thinks and speaks, the console, the demo agent and its key; the log says it is ready."""
    with running(tmp_path) as server:
        lines = server.printed.splitlines()

        assert re.fullmatch(r"Vivavoce \S+ is ready: open http://localhost:\d+ and talk\.", lines[0])
        assert ["Voice detection", "Ears", "Brain", "Voice"] == [line.strip().partition(":")[0] for line in lines[1:5]]
        assert re.fullmatch(rf"  console:    {server.url}/console/sign-in/[\w-]{{43}} \(signs in once, .*\)", lines[5])
        assert re.fullmatch(r"  demo agent: [0-9a-f]{24}", lines[6])
        assert re.fullmatch(r"  demo key:   sk_[0-9a-f]+", lines[7])
        assert f"{server.url}/smoke.html?key={server.key}&agent={server.demo_agent}" in lines[8]
        assert 1 == server.log.count(" ready on ")
        assert server.key not in server.log
        assert 200 == server.ask("GET", f"/agent/{server.demo_agent}").status_code

    assert 0 == server.process.returncode


@pytest.mark.slow
def test_the_link_to_the_console_is_printed_and_not_logged(tmp_path: Path) -> None:
    """It works; with a password in the settings there is none, and that is neither printed nor logged."""
    with running(tmp_path) as server:
        path = re.findall(r"/console/sign-in/[\w-]{43}", server.printed)[0]

        assert path not in server.log
        assert 303 == server.client.post(server.url + path).status_code
    with running(tmp_path, {**SCRIPTED, "VIVAVOCE_ADMIN_PASSWORD": "correct horse battery"}) as server:
        answer = server.client.post(
            f"{server.url}/console/sign-in", data={"name": "admin", "password": "correct horse battery"}
        )

        assert f"  console:    {server.url}/console\n" in server.printed
        assert 303 == answer.status_code
        assert "horse" not in server.printed + server.log


@pytest.mark.slow
def test_the_demo_is_the_same_at_every_start(tmp_path: Path) -> None:
    """Until its operator takes it away: then it stays away."""
    with running(tmp_path) as first:
        pass
    with running(tmp_path) as second:
        assert (first.key, first.demo_agent) == (second.key, second.demo_agent)
        assert 0o600 == stat.S_IMODE((second.data / "demo").stat().st_mode)
        (key_id,) = [row[0] for row in second.rows("select id from keys")]
        run_cli(second.data, "keys", "revoke", key_id)
        run_cli(second.data, "agents", "archive", second.demo_agent)
    with running(tmp_path) as third:
        assert ("", "") == (third.key, third.demo_agent)
        assert "demo" not in third.printed


@pytest.mark.slow
def test_refused_credentials_may_be_told_after_the_upgrade(tmp_path: Path) -> None:
    """``VIVAVOCE_WS_AUTH_FAILURE=close``: an error frame, then 4401 (wire-spec H3)."""

    async def scenario(port: int) -> None:
        async with await RawSocket.open(port, "/atoms/v1/agent/connect?token=sk_wrong") as call:
            told = await call.message()

            assert ("error", "401") == (told["type"], told["code"])
            assert 4401 == await call.close_code()

    with running(tmp_path, {**SCRIPTED, "VIVAVOCE_WS_AUTH_FAILURE": "close"}) as server:
        asyncio.run(scenario(server.port))

        assert {"status": "ok", "calls": 0} == server.health()
