import type { RedisClock } from "./redis-clock.ts";
import { probeServer, type ServerInfo, serverTimeMs } from "./server-info.ts";
import { Transport, type TransportOptions } from "./transport.ts";

/** A transport with what it has learned about the server at its other end, for as long as that connection lasts. */
export class Connection {
  readonly transport: Transport;
  #learned: { readonly epoch: number; readonly info: ServerInfo } | null = null;

  constructor(options: Omit<TransportOptions, "onConnect">, redisClock: RedisClock) {
    this.transport = new Transport({
      ...options,
      onConnect: async (transport) => {
        const { epoch } = transport;
        const sentAt = options.clock.monotonic();
        const time = serverTimeMs(transport).then((serverMs) => {
          // Perhaps another server, with another clock.
          redisClock.reset();
          redisClock.observe(serverMs, sentAt);
        });
        const [info] = await Promise.all([probeServer(transport), time, transport.loadScripts()]);
        this.#learned = { epoch, info };
      },
    });
  }

  /** What is known of the present server; null while there is no connection, or it is being set up. */
  get info(): ServerInfo | null {
    const learned = this.#learned;
    return learned !== null && learned.epoch === this.transport.epoch && this.transport.up ? learned.info : null;
  }

  /** The same, after the first connection was given its chance; later ones are not waited for. */
  async current(): Promise<{ readonly transport: Transport; readonly info: ServerInfo | null }> {
    if (this.info === null && this.transport.downMs === 0) await this.transport.ready().catch(() => {});
    return { transport: this.transport, info: this.info };
  }
}
