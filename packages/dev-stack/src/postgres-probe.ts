import { connect } from "node:net";
import { DevStackError } from "./errors.ts";

// Just enough of the frontend/backend protocol 3.0 to know that a server takes queries, and to create a database:
// a client library would be a dependency of everything that is tested here.

const PROTOCOL = 196_608;
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Connects as `postgres` to a server that trusts loopback, runs `sql` if given, and gives the rows as text. */
export function postgresQuery(
  address: { readonly host: string; readonly port: number; readonly database: string },
  sql: string | null,
  timeoutMs = 1_000,
): Promise<(string | null)[][]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port });
    const rows: (string | null)[][] = [];
    let received = Buffer.alloc(0);
    let asked = false;
    let problem: string | undefined;
    const fail = (why: string): void => {
      socket.destroy();
      reject(new DevStackError(`Postgres at ${address.host}:${address.port} did not answer as expected: ${why}.`));
    };
    const timer = setTimeout(() => fail(`nothing within ${timeoutMs} ms`), timeoutMs);
    socket.on("close", () => {
      clearTimeout(timer);
      fail(problem ?? "it closed the connection");
    });
    socket.on("error", (error) => fail(error.message));
    socket.on("connect", () => socket.write(startup(address.database)));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 5 && received.length >= 1 + received.readInt32BE(1)) {
        const end = 1 + received.readInt32BE(1);
        const body = received.subarray(5, end);
        const kind = String.fromCharCode(received[0] ?? 0);
        received = received.subarray(end);
        if (kind === "R" && body.readInt32BE(0) !== 0) return fail("it asks for a password");
        if (kind === "E") problem = errorText(body);
        if (kind === "D") rows.push(row(body));
        if (kind !== "Z") continue;
        if (problem !== undefined) return fail(problem);
        if (asked || sql === null) {
          resolve(rows);
          socket.end(message("X", Buffer.alloc(0)));
          return;
        }
        asked = true;
        socket.write(message("Q", Buffer.from(`${sql}\0`)));
      }
    });
  });
}

/** True when a Postgres server answers at the address, whatever it thinks of passwords. */
export function answersAsPostgres(host: string, port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(false), timeoutMs);
    socket.on("error", () => settle(false));
    socket.on("close", () => settle(false));
    socket.on("connect", () => socket.write(SSL_REQUEST));
    socket.on("data", (chunk) => settle(chunk[0] === 0x53 || chunk[0] === 0x4e));
  });
}

function startup(database: string): Buffer {
  const body = Buffer.from(`user\0postgres\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(PROTOCOL, 4);
  return Buffer.concat([head, body]);
}

function message(kind: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

/** The M field of an ErrorResponse: the message for people. */
function errorText(body: Buffer): string {
  const text = body
    .toString("utf8")
    .split("\0")
    .find((field) => field.startsWith("M"));
  return text?.slice(1) ?? "an error without a text";
}

function row(body: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  let at = 2;
  for (let i = 0; i < body.readInt16BE(0); i++) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.toString("utf8", at, at + length));
    at += Math.max(length, 0);
  }
  return values;
}
