import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection } from "../src/connection.js";
import { sendText, type ServerMessage } from "../src/protocol.js";
import { FakeSocket } from "./fake-browser.js";
import { agentFrame } from "./fake-platform.js";

function newConnection(): {
  socket: FakeSocket;
  connection: Connection;
  messages: ServerMessage[];
  codes: number[];
} {
  const socket = new FakeSocket("wss://voice.example");
  const messages: ServerMessage[] = [];
  const codes: number[] = [];
  const connection = new Connection(socket as unknown as WebSocket, {
    message: (message) => messages.push(message),
    closed: (code) => codes.push(code),
  });
  return { socket, connection, messages, codes };
}

const written = (text: string): string => JSON.stringify(sendText(text));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Only what the wire knows is handed on. */
test("messages are parsed, and unknown ones left out", () => {
  const { socket, messages } = newConnection();
  socket.open();
  socket.receive({ type: "interruption" });
  socket.receive({ type: "brand_new" });

  expect(messages).toEqual([{ type: "interruption" }]);
});

/** A message before the socket is open would throw in the browser; it is left out. */
test("nothing is sent before the socket is open", () => {
  const { socket, connection } = newConnection();
  connection.send(written("too early"));

  expect(socket.sent).toEqual([]);
});

/** The goodbye leaves before `close()` returns: an unloading page has no later. */
test("closing says goodbye at once and leaves the socket open for the answer", () => {
  const { socket, connection } = newConnection();
  socket.open();
  connection.close();

  expect(socket.types).toEqual(["session.close"]);
  expect(socket.closedWith).toEqual([]);
});

/** A server that does not answer the goodbye is not waited for. */
test("a server that does not answer is hung up on after a second", () => {
  const { socket, connection } = newConnection();
  socket.open();
  connection.close();
  vi.advanceTimersByTime(1000);

  expect(socket.closedWith).toEqual([1000]);
});

/** A network that is gone does not keep the page waiting for the close event. */
test("a socket that does not close is given up", () => {
  const { connection, socket, codes } = newConnection();
  socket.open();
  connection.close();
  vi.advanceTimersByTime(3000);

  expect(codes).toEqual([1006]);
  socket.drop(1000);
  expect(codes).toEqual([1006]);
});

/** A socket that is gone needs no goodbye, and leaves no timer behind. */
test("closing a lost connection does nothing", () => {
  const { socket, connection } = newConnection();
  socket.open();
  socket.drop(1006);
  connection.close();

  expect(vi.getTimerCount()).toBe(0);
  expect([socket.sent, socket.closedWith]).toEqual([[], []]);
});

/** A socket that is still connecting cannot say goodbye; it is just closed. */
test("a connecting socket is closed without a message", () => {
  const { socket, connection } = newConnection();
  connection.close();

  expect(socket.closedWith).toEqual([1000]);
  expect(socket.sent).toEqual([]);
});

/** The page goes away: message, then close, without a wait. */
test("closing now says goodbye and closes in one step", () => {
  const { socket, connection } = newConnection();
  socket.open();
  connection.closeNow();

  expect(socket.types).toEqual(["session.close"]);
  expect(socket.closedWith).toEqual([1000]);
});

/** After the server's own goodbye there is nothing to ask for. */
test("hanging up closes without a message", () => {
  const { socket, connection } = newConnection();
  socket.open();
  connection.hangUp();

  expect(socket.sent).toEqual([]);
  expect(socket.closedWith).toEqual([1000]);
});

/** After the goodbye nothing more is said. */
test("nothing is sent after the goodbye", () => {
  const { socket, connection } = newConnection();
  socket.open();
  connection.close();
  connection.close();
  connection.send(written("too late"));

  expect(socket.types).toEqual(["session.close"]);
});

/** A slow network is told of, so that microphone frames do not grow the delay. */
test("a network that is slower than the microphone is full", () => {
  const { socket, connection } = newConnection();
  socket.open();
  socket.bufferedAmount = 300_000;
  expect(connection.isFull).toBe(true);

  socket.bufferedAmount = 0;
  expect(connection.isFull).toBe(false);
});

/** A goodbye would end the call, which goes on on another socket. */
test("an abandoned socket is closed without a goodbye and heard no more", () => {
  const { socket, connection, messages, codes } = newConnection();
  socket.open();
  connection.abandon();
  socket.receive({ type: "interruption" });
  socket.drop(1005);

  expect([socket.sent, socket.closedWith]).toEqual([[], [undefined]]);
  expect([messages, codes]).toEqual([[], []]);
});

/** Audio comes as bytes, not as a file. */
test("binary messages are read as audio", () => {
  const { socket, messages } = newConnection();
  socket.receiveBytes(agentFrame(3, 1, 480, [7]));

  expect(socket.binaryType).toBe("arraybuffer");
  expect(messages).toMatchObject([{ type: "output_audio.delta", seq: 3, turn: 1, start: 480 }]);
});
