/** Which settings of two factors exclude one another. */
export type Excluded = (factor: number, setting: number, otherFactor: number, otherSetting: number) => boolean;

/**
 * Rows of settings, one of each factor, in which every pair of settings of two factors occurs, unless it is excluded. The same input gives the same rows;
 * the first rows have the most new pairs.
 *
 * @param sizes how many settings each factor has
 */
export function pairwise(sizes: number[], excluded: Excluded = () => false): number[][] {
  const key = (f: number, s: number, g: number, t: number) => f < g ? `${f}.${s} ${g}.${t}` : `${g}.${t} ${f}.${s}`;
  const open = new Map<string, [number, number, number, number]>();
  for (const [f, g] of couples(sizes.length)) {
    for (let s = 0; s < sizes[f]; s++) {
      for (let t = 0; t < sizes[g]; t++) {
        if (!excluded(f, s, g, t)) {
          open.set(key(f, s, g, t), [f, s, g, t]);
        }
      }
    }
  }
  const rows: number[][] = [];
  while (open.size > 0) {
    const [f, s, g, t] = open.values().next().value!;
    const row = new Map([[f, s], [g, t]]);
    for (const factor of sizes.keys()) {
      if (!row.has(factor)) {
        row.set(factor, choose(factor, sizes[factor], row));
      }
    }
    rows.push([...sizes.keys()].map(factor => row.get(factor)!));
    for (const [a, b] of couples(sizes.length)) {
      open.delete(key(a, row.get(a)!, b, row.get(b)!));
    }
  }
  return rows;

  /** The setting with most new pairs; of equals one that was used least. */
  function choose(factor: number, size: number, row: Map<number, number>): number {
    const worth = (setting: number) => [...row].filter(([other, chosen]) => open.has(key(factor, setting, other, chosen))).length
      - rows.filter(before => before[factor] === setting).length / 1000;
    const possible = [...Array(size).keys()].filter(setting => [...row].every(([other, chosen]) => !excluded(factor, setting, other, chosen)));
    if (possible.length === 0) {
      throw new Error(`No setting of factor ${factor} goes with ${JSON.stringify([...row])}`);
    }
    return possible.reduce((best, setting) => worth(setting) > worth(best) ? setting : best);
  }
}

/** Each two of so many, once. */
export function couples(count: number): Array<[number, number]> {
  return [...Array(count).keys()].flatMap(a => [...Array(count).keys()].slice(a + 1).map<[number, number]>(b => [a, b]));
}
