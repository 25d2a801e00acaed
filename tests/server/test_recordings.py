"""Recordings are fetched by signed links or with a key, whole or in part."""

from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile

from tests.server.rest_scene import CALL_ID, Scene, play, start_call
from vivavoce.clock import unix_ms
from vivavoce.server import signing
from vivavoce.store import calls

PATH = f"/atoms/v1/conversation/{CALL_ID}"


async def _recorded(scene: Scene, name: str = "dual.flac") -> tuple[str, str]:
    """A call with a recording of two different channels; its links, mono and dual."""
    await start_call(scene, recording="recording")
    folder = scene.config.recordings / CALL_ID
    folder.mkdir(parents=True)
    soundfile.write(folder / name, np.array([[100, 300]] * 24000, np.int16), 24000)
    await calls.set_recording(scene.database, CALL_ID, "ready", path=f"{CALL_ID}/{name}")
    shown = (await scene.ask("GET", PATH)).json()["data"]
    return shown["recordingUrl"], shown["recordingDualUrl"]


@pytest.mark.parametrize(("name", "media_type"), [("dual.flac", "audio/flac"), ("dual.wav", "audio/wav")])
def test_the_links_work_as_they_are(name: str, media_type: str, tmp_path: Path) -> None:
    """Without a key: two channels as recorded, and one that is their mean."""

    async def scenario(scene: Scene) -> None:
        mono_url, dual_url = await _recorded(scene, name)
        mono, dual = await scene.client.get(mono_url), await scene.client.get(dual_url)

        assert (200, media_type) == (mono.status_code, mono.headers["content-type"])
        samples, rate_hz = soundfile.read(BytesIO(dual.content), dtype="int16")
        assert (24000, (24000, 2), [100, 300]) == (rate_hz, samples.shape, samples[0].tolist())
        mixed, _ = soundfile.read(BytesIO(mono.content), dtype="int16")
        assert ((24000,), {200}) == (mixed.shape, set(mixed.tolist()))
        # The mix is made once: a new one would be another file.
        files = {file.name: file.stat().st_ino for file in (scene.config.recordings / CALL_ID).iterdir()}
        assert mono.content == (await scene.client.get(mono_url)).content
        assert files == {file.name: file.stat().st_ino for file in (scene.config.recordings / CALL_ID).iterdir()}
        assert 2 == len(files)

    play(tmp_path, scenario)


def test_a_link_is_for_one_file_of_one_call(tmp_path: Path) -> None:
    """Whoever changes anything in a link needs a key."""

    async def scenario(scene: Scene) -> None:
        mono_url, _ = await _recorded(scene)
        for changed in (
            mono_url.replace("channels=mono", "channels=dual"),
            mono_url.replace(CALL_ID, CALL_ID[:-1] + "d"),
            mono_url.replace("expires=", "expires=9"),
            mono_url[:-1] + ("0" if mono_url[-1] != "0" else "1"),
            mono_url.split("&signature")[0],
        ):
            assert 401 == (await scene.client.get(changed)).status_code

    play(tmp_path, scenario)


def test_a_key_needs_no_link(tmp_path: Path) -> None:
    """Back ends fetch by the plain address; a channel that is not there is refused."""

    async def scenario(scene: Scene) -> None:
        await _recorded(scene)

        assert 200 == (await scene.ask("GET", f"{PATH}/recording?channels=dual")).status_code
        assert 400 == (await scene.ask("GET", f"{PATH}/recording?channels=left")).status_code
        assert 400 == (await scene.ask("GET", "/atoms/v1/conversation/nonsense/recording")).status_code

    play(tmp_path, scenario)


def test_parts_are_served(tmp_path: Path) -> None:
    """Players seek by asking for ranges."""

    async def scenario(scene: Scene) -> None:
        _, url = await _recorded(scene)
        whole = (await scene.client.get(url)).content
        part = await scene.client.get(url, headers={"range": "bytes=10-19"})
        beyond = await scene.client.get(url, headers={"range": f"bytes={len(whole)}-"})
        head = await scene.client.head(url)

        assert (206, whole[10:20], f"bytes 10-19/{len(whole)}") == (
            part.status_code,
            part.content,
            part.headers["content-range"],
        )
        assert (416, f"bytes */{len(whole)}") == (beyond.status_code, beyond.headers["content-range"])
        assert (200, b"", str(len(whole)), "bytes") == (
            head.status_code,
            head.content,
            head.headers["content-length"],
            head.headers["accept-ranges"],
        )

    play(tmp_path, scenario)


def test_nothing_outside_the_folder_is_served(tmp_path: Path) -> None:
    """Not even when the store says so; and a file that has gone is not found."""

    async def scenario(scene: Scene) -> None:
        await _recorded(scene)
        (scene.config.data / "secret.flac").write_bytes(b"x")
        for path in ("../secret.flac", str(scene.config.data / "secret.flac"), "gone/dual.flac"):
            await calls.set_recording(scene.database, CALL_ID, "ready", path=path)

            assert 404 == (await scene.ask("GET", f"{PATH}/recording?channels=dual")).status_code

    play(tmp_path, scenario)


def test_a_damaged_recording_is_no_bug_of_ours(tmp_path: Path) -> None:
    """The store is to blame, and the next request may find it mended."""

    async def scenario(scene: Scene) -> None:
        await _recorded(scene)
        folder = scene.config.recordings / CALL_ID
        (folder / "dual.flac").write_bytes(b"not a sound")

        assert 503 == (await scene.ask("GET", f"{PATH}/recording?channels=mono")).status_code
        assert ["dual.flac"] == [file.name for file in folder.iterdir()]

    play(tmp_path, scenario)


def test_a_link_can_be_asked_for(tmp_path: Path) -> None:
    """It works without a key, for the channels that were asked for, and not for long."""

    async def scenario(scene: Scene) -> None:
        _, dual_url = await _recorded(scene)
        answer = (await scene.ask("GET", f"{PATH}/recording/download-url?channels=dual")).json()
        link = answer["data"]["presignedUrl"]
        expires_s = [int(parse_qs(urlsplit(url).query)["expires"][0]) for url in (link, dual_url)]

        assert answer["status"]
        assert (await scene.client.get(dual_url)).content == (await scene.client.get(link)).content
        # A quarter of an hour against an hour.
        assert 2600 < expires_s[1] - expires_s[0] < 2800

    play(tmp_path, scenario)


def test_a_link_to_no_recording_is_refused(tmp_path: Path) -> None:
    """404 while there is none, 400 for an id of the database, 401 without a key."""

    async def scenario(scene: Scene) -> None:
        path = f"{PATH}/recording/download-url"
        await start_call(scene, recording="recording")
        unready = await scene.ask("GET", path)
        malformed = await scene.ask("GET", f"/atoms/v1/conversation/{'a' * 24}/recording/download-url")

        assert (404, ["Recording not found"]) == (unready.status_code, unready.json()["errors"])
        assert (400, ["Invalid call ID format"]) == (malformed.status_code, malformed.json()["errors"])
        assert 400 == (await scene.ask("GET", f"{path}?channels=left")).status_code
        assert 401 == (await scene.ask("GET", path, key="")).status_code

    play(tmp_path, scenario)


def test_a_link_that_has_expired_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds it should ask for a new one, not look for a key."""

    async def scenario(scene: Scene) -> None:
        mono_url, _ = await _recorded(scene)
        later_ms = unix_ms() + 3_601_000
        monkeypatch.setattr(signing, "unix_ms", lambda: later_ms)
        answer = await scene.client.get(mono_url)

        assert 401 == answer.status_code
        assert "the link has expired" in answer.json()["errors"][0]

    play(tmp_path, scenario)
