/** The value below which the fraction `at` of the figures lies, between two figures linearly; NaN of none. */
export function quantile(figures: readonly number[], at: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * at;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** Half of the middle half's width, as a fraction of the median: 0.05 = half of all rounds lie within about 5 %. */
export function spread(figures: readonly number[]): number {
  return (quantile(figures, 0.75) - quantile(figures, 0.25)) / 2 / median(figures);
}

/** A figure with its middle half. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * How many times faster `ours` is than `base`, round by round: what disturbs a whole round disturbs both.
 *
 * @throws {Error} when the two have different numbers of rounds
 */
export function speedup(base: readonly number[], ours: readonly number[]): Estimate {
  if (base.length !== ours.length) {
    throw new Error(`compare rounds: found ${base.length} and ${ours.length}; measure both in the same run`);
  }
  const ratios = base.map((time, round) => time / (ours[round] as number));
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}
