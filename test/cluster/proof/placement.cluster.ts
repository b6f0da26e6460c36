/**
 * Where the scheduler puts the pods: at first, and after rollouts.
 */
import { Duration, JsonPatch, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { GracefulShutdown, Rollout, Spread } from '../../../lib';
import { Cluster } from '../cluster';
import { NodeShape, THREE_ZONES } from '../nodes';
import { measured } from './measured';
import { Change, describeOnFakeNodes, EVERYTHING, Props, sideBySide, skew, Trial } from './trial';

interface Shape extends NodeShape {
  readonly name: string;
  /** How many of the 8 CPUs of each node of the first zone another service requests. @default - none */
  readonly busy?: number;
  /** Whether pods that only prefer an even spread stand evenly as well. A scheduler that weighs may weigh otherwise. @default true */
  readonly evenByPreference?: boolean;
}

interface Case {
  readonly name: string;
  readonly props: Props & { replicas: number };
  readonly change?: Change;
}

/** The worst of the placements after the first rollout and after each further one. */
interface Placement {
  /** The fewest zones that had a pod. */
  readonly covered: number;
  /** The largest difference between two zones. */
  readonly difference: number;
}

const ROLLOUTS = 5;
const ZONES = ['zone-a', 'zone-b', 'zone-c'];

/** With room for all cases at the same time. */
const SHAPES: Shape[] = [
  { name: '3 zones of 4 nodes, one half full', zones: ZONES, nodesPerZone: 4, cpu: '8', busy: 4 },
  { name: '3 zones of 10 nodes, one nearly full', zones: ZONES, nodesPerZone: 10, cpu: '8', busy: 7, evenByPreference: false },
  ...(EVERYTHING ? [
    { name: '3 zones of 2 nodes, one half full', zones: ZONES, nodesPerZone: 2, cpu: '8', busy: 4 },
    { name: '2 zones of 3 nodes, one half full', zones: ZONES.slice(0, 2), nodesPerZone: 3, cpu: '8', busy: 4, evenByPreference: false },
    { name: '1 zone of 3 nodes', zones: ZONES.slice(0, 1), nodesPerZone: 3, cpu: '16' },
    { name: '1 node', zones: ZONES.slice(0, 1), nodesPerZone: 1, cpu: '32', memory: '64Gi' },
  ] : []),
];
/** Time is not the point; and the pods of all cases together, with those that come and go, must never fill a zone, or the scheduler has no choice. */
const QUICK: Props = {
  resources: { cpu: { request: Cpu.millis(50) }, memory: { request: Size.mebibytes(64), limit: Size.mebibytes(64) } },
  rollout: Rollout.rolling({ minReady: Duration.seconds(1) }),
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(2) }),
};

const CASES: Case[] = [
  ...(EVERYTHING ? [3, 4, 6, 10] : [3, 6]).flatMap((replicas) => [
    { name: `${replicas} replicas, preferred`, props: { ...QUICK, replicas } },
    { name: `${replicas} replicas, required`, props: { ...QUICK, replicas, spread: Spread.required() } },
  ]),
];
const AS_BY_DEFAULT: Case = { name: '3 replicas, all else as it is by default', props: { replicas: 3 } };

/** As most manifests have it. */
const SPREAD = { maxSkew: 1, labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'web' } }, nodeTaintsPolicy: 'Honor' };

/** Without matchLabelKeys each rollout counts the pods of the one before. */
const COUNTING_OLD_PODS: Case[] = (EVERYTHING ? [3, 6] : [3])
  .flatMap((replicas) => [{ spread: Spread.preferred(), replicas }, { spread: Spread.required(), replicas }])
  .map((props, index) => ({
    name: `${props.replicas} replicas, ${index % 2 ? 'required' : 'preferred'}, without matchLabelKeys`,
    props: { ...QUICK, ...props },
    change: (web) => web.patch(web.deployment, JsonPatch.replace('/spec/template/spec/topologySpreadConstraints', [
      { ...SPREAD, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: index % 2 ? 'DoNotSchedule' : 'ScheduleAnyway' },
      { ...SPREAD, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    ])),
  }));

/** Another service, two pods a node, in one zone only. */
const neighbour = ({ busy = 0, nodesPerZone }: Shape): Props => ({
  ...QUICK,
  replicas: 2 * nodesPerZone,
  scheduling: { nodeSelector: { 'topology.kubernetes.io/zone': ZONES[0] } },
  resources: {
    cpu: { request: Cpu.millis(500 * busy) },
    memory: { request: Size.gibibytes(busy), limit: Size.gibibytes(busy) },
  },
});

describeOnFakeNodes.each(SHAPES)('pods on $name', (shape) => {
  const trials: Trial[] = [];
  const controls: Placement[] = [];
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.connect();
    await cluster.nodes.replace(shape);
    if (shape.busy) {
      trials.push(await Trial.begin(cluster, neighbour(shape)));
    }
  });
  afterAll(async () => {
    await Promise.all(trials.map(async (trial) => trial.remove()));
    await cluster.nodes.replace(THREE_ZONES);
    await cluster.close();
  });

  const place = async ({ name, props, change }: Case): Promise<Placement> => {
    const trial = await Trial.begin(cluster, props, change);
    trials.push(trial);
    const zones = [await trial.zones()];
    const nodes = [await trial.nodes()];
    for (let rollout = 1; rollout <= ROLLOUTS; rollout++) {
      await trial.release();
      zones.push(await trial.zones());
      nodes.push(await trial.nodes());
    }
    const figure = (what: string) => `placement/${shape.name}/${name}/${what}`;
    measured(figure('placements that left the zones uneven'), zones.filter((counts) => skew(counts) > 1).length, 'rollouts');
    measured(figure('pods on one node, at most'), Math.max(...nodes.flat()), 'pods');
    const covered = zones.map((counts) => counts.filter((count) => count > 0).length);
    return {
      covered: measured(figure('zones covered, at least'), Math.min(...covered), 'zones'),
      difference: measured(figure('difference between zones, at most'), Math.max(...zones.map(skew)), 'pods'),
    };
  };

  sideBySide(Object.fromEntries([
    ...(EVERYTHING && shape === SHAPES[0] ? [...CASES, AS_BY_DEFAULT] : CASES).map((each): [string, () => Promise<void>] => [each.name, async () => {
      const { covered, difference } = await place(each);
      expect(covered).toBe(Math.min(shape.zones.length, each.props.replicas));
      if (each.props.spread || shape.evenByPreference !== false) {
        expect(difference).toBeLessThanOrEqual(1);
      }
    }]),
    ...COUNTING_OLD_PODS.map((each): [string, () => Promise<void>] => [each.name, async () => {
      controls.push(await place(each));
    }]),
  ]));

  if (shape.zones.length === ZONES.length && shape.nodesPerZone > 2) {
    test('lose a zone without matchLabelKeys', () => {
      expect(Math.min(...controls.map(({ covered }) => covered))).toBeLessThan(shape.zones.length);
    });
  }
});
