import type { Step } from "../context.ts";
import { expect } from "../expect.ts";

export const metrics: Step = async ({ say, typescript, python }) => {
  say.step("The same metrics from both languages");
  for (const service of [typescript, python]) {
    const { text } = await service.get("/metrics");
    const sum = (results: RegExp): number =>
      [...text.matchAll(/^cachepact_requests_total\{([^}]*)\} ([0-9.e+]+)$/gm)]
        .filter(([, labels]) => labels?.includes('entity="user"') && results.test(labels))
        .reduce((total, [, , value]) => total + Number(value), 0);
    const reads = sum(/./);
    const answered = sum(/result="(hit|stale|negative|pending)"/);
    const value = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, "m").exec(text)?.[1] ?? Number.NaN);
    const [used, max, evicted] = ["redis_memory_used_bytes", "redis_memory_max_bytes", "redis_evicted_keys_total"].map(
      value,
    );
    say.did(
      `${service.name}: hit ratio of user ${((100 * answered) / reads).toFixed(0)} % of ${reads} reads; Redis memory ` +
        `${((used ?? 0) / 2 ** 20).toFixed(1)} MiB of ${max === 0 ? "no limit" : `${((max ?? 0) / 2 ** 20).toFixed(0)} MiB`}; ${evicted} keys evicted`,
    );
    expect(
      reads > 0 && Number.isFinite(used) && Number.isFinite(max) && Number.isFinite(evicted),
      `${service.name} exports hit ratio and memory`,
    );
    expect(
      /cachepact_redis_command_duration_seconds_bucket\{[^}]*command="get"/.test(text),
      `${service.name} exports GET latency`,
    );
  }
};
