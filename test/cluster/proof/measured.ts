/**
 * The figures of the proof, for people: the documentation shows them.
 */
import { appendFileSync, mkdirSync } from 'fs';
import { join } from 'path';
import { requestedVersion } from '../binaries';

const FOLDER = join(__dirname, '..', '..', '..', 'test-reports', 'cluster');

/** What a figure counts. */
export type Unit = 's' | 'pods' | 'zones' | 'nodes' | 'evictions' | 'rollouts' | 'requests' | '';

/**
 * Adds a figure to the record of this Kubernetes version: `test-reports/cluster/measured-<version>.jsonl`, a JSON object a line. Of figures with
 * the same name the last counts.
 *
 * @param name what was measured, from the general to the special: 'outage/default, 3 replicas/all ready'
 * @returns the value
 */
export function measured(name: string, value: number, unit: Unit): number {
  const version = process.env.KUBECONFIG ? 'kubeconfig' : requestedVersion();
  const rounded = Math.round(value * 10) / 10;
  mkdirSync(FOLDER, { recursive: true });
  appendFileSync(join(FOLDER, `measured-${version}.jsonl`), `${JSON.stringify({ version, name, value: rounded, unit, at: new Date().toISOString() })}\n`);
  return value;
}
