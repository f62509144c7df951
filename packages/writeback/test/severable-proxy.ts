import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP proxy that can cut its clients off while the server still sees open connections: what a network does when it
 * drops one direction. What was sent before the cut goes on running at the server.
 */
export class SeverableProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(port: number): Promise<SeverableProxy> {
    const server = createServer();
    const proxy = new SeverableProxy(server);
    server.on("connection", (client) => {
      const upstream = connect(port, "127.0.0.1");
      proxy.#pairs.add({ client, upstream });
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
      client.pipe(upstream, { end: false });
      upstream.pipe(client);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all clients off now; new connections work. Gives how many were cut. */
  sever(): number {
    const pairs = [...this.#pairs];
    this.#pairs.clear();
    for (const { client, upstream } of pairs) {
      upstream.unpipe(client);
      // Nobody reads the answers any more; the server must not block on writing them.
      upstream.resume();
      client.destroy();
    }
    return pairs.length;
  }

  async close(): Promise<void> {
    for (const { client, upstream } of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }
}
