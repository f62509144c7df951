import { describe, expect, test } from "vitest";
import { Lease, type RenewReply } from "../src/coalescing/lease.ts";
import { FakeClock } from "../src/testing/index.ts";

function leaseWith(answer: () => Promise<RenewReply>): {
  clock: FakeClock;
  lease: Lease;
  renewals: () => number;
  lost: () => number;
} {
  const clock = new FakeClock();
  let renewals = 0;
  let lost = 0;
  const lease = new Lease({
    clock,
    ms: 3_000,
    grantedAt: 0,
    renew: () => {
      renewals += 1;
      return answer();
    },
    onLost: () => {
      lost += 1;
    },
  });
  return { clock, lease, renewals: () => renewals, lost: () => lost };
}

describe("lease", () => {
  test("is renewed at each third of its time and so outlives it", async () => {
    const { clock, lease, renewals, lost } = leaseWith(async () => "OK");
    await clock.advance(10_500);
    expect(renewals()).toBe(10);
    expect(lease.alive).toBe(true);
    expect(lost()).toBe(0);
    lease.stop();
    expect(clock.pending).toBe(0);
  });

  test("LOST ends it at once", async () => {
    const { clock, lease, lost, renewals } = leaseWith(async () => "LOST");
    await clock.advance(1_000);
    expect(lease.alive).toBe(false);
    expect(lost()).toBe(1);
    await clock.advance(10_000);
    expect(renewals()).toBe(1);
    expect(lost()).toBe(1);
  });

  test("two renewals may fail; without an acknowledgement for its whole time it counts as lost", async () => {
    let fails = 2;
    const healing = leaseWith(async () => {
      if (fails-- > 0) throw new Error("timeout");
      return "OK";
    });
    await healing.clock.advance(2_999);
    expect(healing.lease.alive).toBe(true);
    const silent = leaseWith(() => Promise.reject(new Error("timeout")));
    await silent.clock.advance(2_999);
    expect(silent.lease.alive).toBe(true);
    await silent.clock.advance(1);
    expect(silent.lease.alive).toBe(false);
    expect(silent.lost()).toBe(1);
    healing.lease.stop();
  });

  test("counts from when the acknowledged message was sent, not from when its reply came", async () => {
    const clock = new FakeClock();
    const lease = new Lease({
      clock,
      ms: 3_000,
      grantedAt: 0,
      // The reply takes 900 ms; no further renewal is answered.
      renew: () =>
        new Promise((resolve) => (clock.monotonic() === 1_000 ? clock.schedule(900, () => resolve("OK")) : undefined)),
    });
    await clock.advance(3_999);
    expect(lease.alive).toBe(true);
    await clock.advance(1);
    expect(lease.alive).toBe(false);
  });

  test("a reply after stop changes nothing", async () => {
    const { clock, lease, lost } = leaseWith(async () => "LOST");
    await clock.advance(999);
    const done = clock.advance(1);
    lease.stop();
    await done;
    expect(lost()).toBe(0);
  });
});
