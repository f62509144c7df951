/** Time and chance under a test's control: pass them as `clock` and `random` to `createCache`. */
export { FakeClock } from "./fake-clock.ts";
export { SeededRandom } from "./seeded-random.ts";
