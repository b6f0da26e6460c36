import { deepStrictEqual } from 'assert';
import { Yaml } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { declare, Program } from './program';

/** Whether both programs make the same objects: only then may their times be compared. */
async function main(): Promise<void> {
  const [ours, byHand] = [await objects('ours'), await objects('by-hand')];
  deepStrictEqual([...ours.keys()].sort(), [...byHand.keys()].sort());
  ours.forEach((manifest, name) => deepStrictEqual(manifest, byHand.get(name)));
}

async function objects(maker: Program['maker']): Promise<Map<string, unknown>> {
  const run = await declare({ maker, charts: 2, servicesPerChart: 2 });
  const manifests = run().charts.flatMap(chart => parseAllDocuments(Yaml.stringify(...chart.toJson())).map(document => document.toJSON()));
  return new Map(manifests.map(manifest => [`${manifest.kind}/${manifest.metadata.name}`, manifest]));
}

void main();
