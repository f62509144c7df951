import { expect, test, vi } from "vitest";
import { type CacheEvent, Events } from "../src/events.ts";

const event: CacheEvent = { type: "quarantine", size: 1 };

test("is active only while somebody listens", () => {
  const events = new Events();
  expect(events.active).toBe(false);
  const heard: CacheEvent[] = [];
  const listener = (one: CacheEvent): void => void heard.push(one);
  const stops = [events.on(listener), events.on(listener)];
  events.emit(event);
  stops[0]?.();
  expect(events.active).toBe(true);
  stops[0]?.();
  events.emit(event);
  stops[1]?.();
  expect(events.active).toBe(false);
  expect(heard).toHaveLength(3);
});

test("a failing listener costs a warning and nothing else", () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const events = new Events();
  const heard: CacheEvent[] = [];
  events.on(() => {
    throw new Error("broken dashboard");
  });
  events.on((one) => heard.push(one));
  events.emit(event);
  expect(heard).toEqual([event]);
  expect(warn).toHaveBeenCalledOnce();
  warn.mockRestore();
});
