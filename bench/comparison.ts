/** A question that the bench answers: how much more does one thing cost than another? */
export interface Comparison<T> {
  readonly name: string;
  readonly runs: number;
  readonly measured: () => T;
  readonly baseline: () => T;
  readonly aspects: Aspect<T>[];
}

/** One cost of several that the same runs show. */
export interface Aspect<T> {
  readonly name: string;
  readonly cost: (sample: T) => number;
  readonly unit: string;

  /** The most that the ratio may be; without it the row informs only. */
  readonly target?: number;
}

/** A line of the result. */
export interface Row {
  readonly name: string;
  readonly measured: string;
  readonly baseline: string;
  readonly ratio: number;

  /** The ratios of the single pairs of runs: how noisy the machine is. */
  readonly lowest: number;
  readonly highest: number;
  readonly target?: number;
}

/** Runs both sides in turn, so that both meet the same machine, each first as often as the other. */
export function compare<T>({ name, runs, measured, baseline, aspects }: Comparison<T>): Row[] {
  const pairs = Array.from({ length: runs }, (_, run) => {
    if (run % 2 === 0) {
      const first = measured();
      return { measured: first, baseline: baseline() };
    }
    const first = baseline();
    return { measured: measured(), baseline: first };
  });
  return aspects.map(({ name: aspect, cost, unit, target }) => {
    const ratios = pairs.map(pair => cost(pair.measured) / cost(pair.baseline));
    const [ours, theirs] = [median(pairs.map(pair => cost(pair.measured))), median(pairs.map(pair => cost(pair.baseline)))];
    return {
      name: `${name}: ${aspect}`,
      measured: `${format(ours)} ${unit}`,
      baseline: `${format(theirs)} ${unit}`,
      ratio: ours / theirs,
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
      target,
    };
  });
}

/** Whether the ratio keeps its promise. */
export function met({ ratio, target = Infinity }: Row): boolean {
  return ratio <= target;
}

/** One line of the table. */
export function line(row: Row): string {
  const verdict = row.target === undefined ? '' : `${met(row) ? 'met' : 'MISSED'} (at most ${row.target})`;
  return columns(row.name, row.measured, row.baseline, row.ratio.toFixed(2), `${row.lowest.toFixed(2)}..${row.highest.toFixed(2)}`, verdict);
}

/** The table's head. */
export const HEAD = columns('median of interleaved runs', 'measured', 'against', 'ratio', 'min..max', 'target');

function columns(name: string, ...cells: string[]): string {
  return [name.padEnd(70), ...cells.map(cell => cell.padStart(12))].join(' ');
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function format(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
