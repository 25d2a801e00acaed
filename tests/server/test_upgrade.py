"""From a request to a voice socket: the contract with uvicorn, and the bytes that refused clients read."""

import asyncio
import http.client
import json

import pytest

from tests.e2e.raw_socket import TEXT, Answer, Frame, RawSocket, frame, head
from tests.server.socket_scene import LIMIT_S, Desk, play
from vivavoce.errors import Refused, StoreError
from vivavoce.server import upgrade
from vivavoce.server.admission import ConnectRequest


async def knocked(port: int, request: bytes) -> Answer:
    async with await RawSocket.connect(port) as client:
        await client.send(request)
        return await client.answer()


# -- beside HTTP ------------------------------------------------------------------------------------------------


def test_one_port_serves_http_and_voice() -> None:
    """Requests before an upgrade on the same connection, and beside it on another, are uvicorn's as ever."""

    async def scenario(port: int, desk: Desk) -> None:
        async with await RawSocket.connect(port) as client, await RawSocket.connect(port) as other:
            for path in ("/first", "/second"):
                await client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

                assert f"GET {path} 0".encode() == (await client.answer()).body
            await client.send(head("/voice"))

            assert 101 == (await client.answer()).status
            await client.say("over there")
            await other.send(b"POST /beside HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde")

            assert b"POST /beside 5" == (await other.answer()).body
            assert Frame(TEXT, b"over there") == await client.frame()

    play(scenario)


def test_pipelined_requests_are_answered_in_order() -> None:
    """What is done to hand upgrades over must not disturb plain HTTP."""

    async def scenario(port: int, desk: Desk) -> None:
        async with await RawSocket.connect(port) as client:
            await client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(5)))

            assert [b"GET /%d 0" % number for number in range(5)] == [(await client.answer()).body for _ in range(5)]

    play(scenario)


def test_an_upgrade_to_something_else_is_a_plain_request() -> None:
    """Clients offer HTTP/2 this way; a server that does not speak it answers in HTTP/1.1 (RFC 9110 section 7.8)."""

    async def scenario(port: int, desk: Desk) -> None:
        request = head("/page", connection="Upgrade, HTTP2-Settings", upgrade="h2c", HTTP2_Settings="AAMAAABkAAQAAP__")

        assert (200, b"GET /page 0") == ((answer := await knocked(port, request)).status, answer.body)
        assert [] == desk.requests

    play(scenario)


# -- agreement --------------------------------------------------------------------------------------------------


def test_the_agreement_is_the_one_of_the_standard() -> None:
    """RFC 6455 section 1.3 has the figures. No subprotocol and no extension is agreed to (wire-spec 1.1)."""

    async def scenario(port: int, desk: Desk) -> None:
        answer = await knocked(
            port,
            head(
                sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==",
                sec_websocket_protocol="chat, superchat",
                sec_websocket_extensions="permessage-deflate; client_max_window_bits",
            ),
        )

        assert (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == (answer.status, answer.headers["sec-websocket-accept"])
        assert ("websocket", "upgrade") == (answer.headers["upgrade"], answer.headers["connection"].lower())
        assert not {"sec-websocket-protocol", "sec-websocket-extensions"} & answer.headers.keys()

    play(scenario)


@pytest.mark.parametrize(
    "changes",
    [
        {"connection": "keep-alive, Upgrade"},
        {"connection": "upgrade", "upgrade": "WebSocket"},
        {"sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"origin": "https://shop.example", "cookie": "a=1; b=2", "user_agent": "x" * 2000},
    ],
    ids=["firefox", "any case", "zeros", "long head"],
)
def test_heads_of_real_clients_are_agreed_to(changes: dict[str, str]) -> None:
    """Firefox keeps the connection alive in the same header; names of protocols ignore case."""

    async def scenario(port: int, desk: Desk) -> None:
        assert 101 == (await knocked(port, head(**changes))).status

    play(scenario)


def test_admission_sees_what_the_client_sent() -> None:
    """The path alone, the query decoded, the two headers that matter, and nothing where there is none."""

    async def scenario(port: int, desk: Desk) -> None:
        request = head("/a/b?token=sk_1&variables=%7B%22a%22%3A%22%C3%A9%22%7D&mode=", authorization="Bearer sk_2")
        await knocked(port, request)
        await knocked(port, head("http://voice.example/absolute?x=1", origin="https://shop.example"))

        assert [
            ("/a/b", ConnectRequest({"token": "sk_1", "variables": '{"a":"é"}', "mode": ""}, "Bearer sk_2", "")),
            ("/absolute", ConnectRequest({"x": "1"}, "", "https://shop.example")),
        ] == desk.requests

    play(scenario)


def test_a_head_may_come_in_pieces() -> None:
    """A slow line cuts where it likes."""

    async def scenario(port: int, desk: Desk) -> None:
        request = head("/slow") + frame(TEXT, "at last")
        async with await RawSocket.connect(port) as client:
            for at in range(0, len(request), 7):
                await client.send(request[at : at + 7])
                # The loop of the server is this one: it takes the piece before the next is sent.
                await asyncio.sleep(0)

            assert 101 == (await client.answer()).status
            assert (b"at last", True) == await (await desk.visit()).next()

    play(scenario)


@pytest.mark.parametrize("packets", ["one", "two"])
def test_what_is_sent_behind_the_head_is_not_lost(packets: str) -> None:
    """Some clients do not wait for the answer: their first words come with the head, or while it is being decided."""

    async def scenario(port: int, desk: Desk) -> None:
        desk.open.clear()
        words = b"".join(frame(TEXT, f"word {number}" + "." * 5000) for number in range(20))
        async with await RawSocket.connect(port) as client:
            if packets == "one":
                await client.send(head() + words)
            else:
                await client.send(head())
                await desk.asked.wait()
                await client.send(words)
            await desk.asked.wait()
            desk.open.set()

            assert 101 == (await client.answer()).status
            visit = await desk.visit()

            assert [f"word {number}" for number in range(20)] == [
                (await visit.next())[0].decode().rstrip(".") for _ in range(20)
            ]

    play(scenario)


# -- refusals ---------------------------------------------------------------------------------------------------


def test_a_refusal_is_a_complete_response_and_the_end() -> None:
    """Status, the sentence as reason phrase, the same in JSON, its length, and that nothing follows (wire-spec H1)."""

    async def scenario(port: int, desk: Desk) -> None:
        body = b'{"status":false,"errors":["Unauthorized: missing token"]}'
        async with await RawSocket.connect(port) as client:
            await client.send(head())

            assert (
                b"HTTP/1.1 401 Unauthorized: missing token\r\n"
                b"Content-Type: application/json\r\n"
                b"Content-Length: %d\r\n"
                b"Connection: close\r\n\r\n%s" % (len(body), body)
            ) == await client.ended()

    play(scenario, error=Refused(401, "Unauthorized: missing token"))


def test_a_refusal_for_now_says_when_to_try_again() -> None:
    """``Retry-After`` stands in the head."""

    async def scenario(port: int, desk: Desk) -> None:
        answer = await knocked(port, head())

        assert (503, "Service Unavailable", "1") == (answer.status, answer.phrase, answer.headers["retry-after"])

    play(scenario, error=Refused(503, "Service Unavailable", retry_after_s=1))


def test_a_client_that_did_not_wait_reads_its_refusal_too() -> None:
    """Unread frames in the system's buffer must not cost it the answer."""

    async def scenario(port: int, desk: Desk) -> None:
        desk.open.clear()
        async with await RawSocket.connect(port) as client:
            await client.send(head() + frame(TEXT, "a" * 1000))
            await desk.asked.wait()
            await client.send(frame(TEXT, "b" * 1000))
            desk.open.set()

            assert (400, "Invalid mode") == ((answer := await client.answer()).status, answer.phrase)

    play(scenario, error=Refused(400, "Invalid mode"))


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"connection": None}, "Connection header must contain Upgrade"),
        ({"connection": "keep-alive"}, "Connection header must contain Upgrade"),
        ({"connection": "close"}, "Connection header must contain Upgrade"),
        ({"sec_websocket_version": "8"}, "Sec-WebSocket-Version must be 13"),
        ({"sec_websocket_version": None}, "Sec-WebSocket-Version must be 13"),
        ({"sec_websocket_key": None}, "Sec-WebSocket-Key must be 16 bytes in base64"),
        ({"sec_websocket_key": "short"}, "Sec-WebSocket-Key must be 16 bytes in base64"),
        ({"sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "Sec-WebSocket-Key must be 16 bytes in base64"),
        ({"sec_websocket_key": "ÄÖÜ"}, "Sec-WebSocket-Key must be 16 bytes in base64"),
    ],
)
def test_a_head_that_can_become_no_websocket_is_refused(changes: dict[str, str | None], flaw: str) -> None:
    """RFC 6455 section 4.2.1; the receptionist is asked all the same, for its own complaints come first."""

    async def scenario(port: int, desk: Desk) -> None:
        answer = await knocked(port, head("/voice?mode=chat", **changes))

        assert (400, flaw, [flaw]) == (answer.status, answer.phrase, json.loads(answer.body)["errors"])
        assert [("/voice", ConnectRequest({"mode": "chat"}))] == desk.requests

    play(scenario)


@pytest.mark.parametrize("connection", ["Upgrade", "close"])
def test_a_websocket_is_opened_with_get(connection: str) -> None:
    """With the token or without, with a body or without."""

    async def scenario(port: int, desk: Desk) -> None:
        request = head("/voice", "POST", b"body", connection=connection, content_length="4")
        answer = await knocked(port, request)

        assert (400, "A WebSocket is opened with GET") == (answer.status, answer.phrase)

    play(scenario)


def test_a_plain_http_client_reads_the_reason() -> None:
    """The public conformance script asks this way: its library forces ``Connection: close`` (wire-spec 1.4.3)."""
    complaint = "Unsupported input_audio_format 'badformat'. Supported: pcm_8000"

    def asked(port: int) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        headers = {
            "Connection": "close",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version": "13",
        }
        connection.request("GET", "/atoms/v1/agent/connect?input_audio_format=badformat", headers=headers)
        response = connection.getresponse()
        try:
            return response.status, response.reason, response.read()
        finally:
            connection.close()

    async def scenario(port: int, desk: Desk) -> None:
        status, reason, body = await asyncio.to_thread(asked, port)

        assert (400, complaint, {"status": False, "errors": [complaint]}) == (status, reason, json.loads(body))

    play(scenario, error=Refused(400, complaint))


def test_a_target_that_is_no_address_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """It is the client's mistake, so nothing of it is in the log."""

    async def scenario(port: int, desk: Desk) -> None:
        answer = await knocked(port, head("//[1?x=1"))

        assert (400, "The request target cannot be read", []) == (answer.status, answer.phrase, desk.requests)

    play(scenario)

    assert [] == caplog.records


@pytest.mark.parametrize(
    "behind", [head("/second", connection=None), b"\x00\xffgarbage\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_follows_a_request_without_the_token_is_not_answered(behind: bytes) -> None:
    """One request, one refusal, whatever the parser finds behind it."""

    async def scenario(port: int, desk: Desk) -> None:
        async with await RawSocket.connect(port) as client:
            await client.send(head("/first", connection=None) + behind)
            said = await client.ended()

        assert (1, ["/first"]) == (said.count(b"HTTP/1.1 "), [path for path, _ in desk.requests])

    play(scenario)


# -- trouble ----------------------------------------------------------------------------------------------------


def test_an_admission_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not answer must not hold the client."""
    monkeypatch.setattr(upgrade, "_ADMISSION_S", 0.05)

    async def scenario(port: int, desk: Desk) -> None:
        desk.open.clear()

        assert 503 == (await knocked(port, head())).status

    play(scenario)


def test_a_store_that_is_away_is_a_refusal_for_now(caplog: pytest.LogCaptureFixture) -> None:
    """As over HTTP: the client may try again, and the operator is told why, without a traceback."""

    async def scenario(port: int, desk: Desk) -> None:
        answer = await knocked(port, head())

        assert (503, "1") == (answer.status, answer.headers["retry-after"])

    play(scenario, error=StoreError("the disk is full"))

    assert ["a voice socket could not be admitted: the disk is full"] == [
        record.getMessage() for record in caplog.records
    ]
    assert "Traceback" not in caplog.text


def test_a_bug_in_admission_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The client learns that it is not to blame; the traceback is for the log."""

    async def scenario(port: int, desk: Desk) -> None:
        assert (500, "Internal Server Error") == ((answer := await knocked(port, head())).status, answer.phrase)

    play(scenario, error=RuntimeError("the inside of the house"))

    assert "the inside of the house" in caplog.text


def test_a_client_that_leaves_during_its_admission_ends_its_call() -> None:
    """Whoever was admitted is either reported as missed, or begins and is told at once that the client is gone."""

    async def scenario(port: int, desk: Desk) -> None:
        desk.open.clear()
        client = await RawSocket.connect(port)
        await client.send(head())
        await desk.asked.wait()
        client.reset()
        desk.open.set()
        begun, missed = asyncio.create_task(desk.visit()), asyncio.create_task(desk.gone.wait())
        (done,), (other,) = await asyncio.wait([begun, missed], return_when=asyncio.FIRST_COMPLETED)
        other.cancel()
        if done is begun:
            assert "websocket_closed" == await begun.result().left()

    play(scenario)
