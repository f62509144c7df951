import { describe, expect, test } from "vitest";
import { type Flight, SingleFlight } from "../src/coalescing/single-flight.ts";
import { gate } from "./database.ts";

describe("single-flight", () => {
  test("callers that started before the work asked for its evidence share one result", async () => {
    const flights = new SingleFlight<string>();
    const started = [flights.start(), flights.start(), flights.start()];
    let calls = 0;
    const work = async (flight: Flight): Promise<string> => {
      flight.admit();
      calls += 1;
      return "row";
    };
    const results = await Promise.all(started.map((number) => flights.run("key", number, work)));
    expect(results).toEqual(["row", "row", "row"]);
    expect(calls).toBe(1);
    expect(flights.size).toBe(0);
  });

  test("callers that started after the loader did take part in one new flight", async () => {
    const flights = new SingleFlight<number>();
    const loading = gate();
    let calls = 0;
    const work = async (flight: Flight): Promise<number> => {
      flight.admit();
      const call = ++calls;
      if (call === 1) await loading.opened;
      return call;
    };
    const leader = flights.run("key", flights.start(), work);
    const late = [1, 2, 3].map(() => flights.run("key", flights.start(), work));
    loading.open();
    expect(await leader).toBe(1);
    expect(await Promise.all(late)).toEqual([2, 2, 2]);
    expect(calls).toBe(2);
  });

  test("a later moment that is admitted afterwards lets those in that started until then, and no others", async () => {
    const flights = new SingleFlight<number>();
    const filling = gate();
    let calls = 0;
    const work = async (flight: Flight): Promise<number> => {
      flight.admit();
      calls += 1;
      const moment = flight.moment();
      await filling.opened;
      if (calls === 1) flight.admit(moment);
      return calls;
    };
    const first = flights.start();
    const second = flights.start();
    const leader = flights.run("key", first, work);
    const before = flights.run("key", second, work);
    const after = flights.run("key", flights.start(), work);
    filling.open();
    expect([await leader, await before, await after]).toEqual([1, 1, 2]);
  });

  test("a failure reaches those that may share it, and nobody else", async () => {
    const flights = new SingleFlight<string>();
    const loading = gate();
    let calls = 0;
    const work = async (flight: Flight): Promise<string> => {
      flight.admit();
      calls += 1;
      if (calls > 1) return "row";
      await loading.opened;
      throw new Error("down");
    };
    const numbers = [flights.start(), flights.start()];
    const early = numbers.map((number) => flights.run("key", number, work).catch((error: Error) => error.message));
    const late = flights.run("key", flights.start(), work);
    loading.open();
    expect(await Promise.all(early)).toEqual(["down", "down"]);
    expect(await late).toBe("row");
  });

  test("keys do not wait for each other", async () => {
    const flights = new SingleFlight<string>();
    const blocked = gate();
    const slow = flights.run("a", flights.start(), async () => {
      await blocked.opened;
      return "a";
    });
    expect(await flights.run("b", flights.start(), async () => "b")).toBe("b");
    blocked.open();
    expect(await slow).toBe("a");
  });

  test("nothing is remembered after a flight has ended", async () => {
    const flights = new SingleFlight<number>();
    let calls = 0;
    const work = async (flight: Flight): Promise<number> => {
      flight.admit();
      return ++calls;
    };
    await flights.run("key", flights.start(), work);
    expect(await flights.run("key", flights.start(), work)).toBe(2);
  });
});
