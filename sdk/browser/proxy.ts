/** A network between page and server that breaks when it is told to. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Proxy {
  /** Connections that were made so far. */
  connections = 0;
  /** Whether new connections are turned away. */
  isDown = false;
  readonly #server: Server;
  /** Both ends of the connections that are open. */
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((client) => {
      this.connections += 1;
      if (this.isDown) {
        client.resetAndDestroy();
        return;
      }
      const server = connect(port, "127.0.0.1");
      this.#join(client, server);
      this.#join(server, client);
    });
  }

  /** @param port Of the server on this machine. */
  static async start(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `ws://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  /** The connections that are open transport nothing more, and nobody is told. */
  stall(): void {
    for (const socket of this.#sockets) {
      // A paused socket takes no more than its buffers hold, and so does whoever writes to it.
      socket.unpipe();
      socket.pause();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay();
    from.pipe(to);
    // What breaks at one end breaks at the other.
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
