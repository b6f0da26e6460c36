/**
 * What serves while nodes are drained, and how long that takes.
 */
import { Duration } from 'cdk8s';
import { PercentOrAbsolute } from 'cdk8s-plus-28';
import { DisruptionBudget, GracefulShutdown, HealthCheck, Rollout, Spread } from '../../../lib';
import { Cluster } from '../cluster';
import { ReadyPods } from '../ready-pods';
import { behaving } from './manifests';
import { measured } from './measured';
import { describeOnFakeNodes, EVERYTHING, Props, seconds, since, testEverything, Trial } from './trial';

/** An application that takes 3 s to start: with its probes, its pods are ready after 5 s. */
const STARTING = behaving({ readyAfter: '3' });
const START_UP = 5;
const DRAIN_DELAY = 15;

/** `kubectl drain` asks again after so long when a budget says no. */
const ASKS_AGAIN = 5;

const QUICK: Props = {
  rollout: Rollout.rolling({ minReady: Duration.seconds(1) }),
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(2) }),
};

interface Case {
  readonly name: string;
  readonly props: Props;
}

const QUICK_CASES: Case[] = [
  { name: '3 quick replicas', props: { ...QUICK, replicas: 3 } },
  { name: '6 quick replicas', props: { ...QUICK, replicas: 6 } },
  ...(EVERYTHING ? [
    { name: '10 quick replicas', props: { ...QUICK, replicas: 10 } },
    { name: '3 quick replicas, required', props: { ...QUICK, replicas: 3, spread: Spread.required() } },
    { name: '2 quick replicas', props: { ...QUICK, replicas: 2, acknowledgements: { 'HA-A1': 'the point of the test', 'HA-C9': 'the same' } } },
  ] : []),
];
const DEFAULT_CASES: Case[] = [
  { name: '3 replicas, all else as it is by default', props: { replicas: 3, podAnnotations: STARTING } },
  ...(EVERYTHING ? [
    { name: 'as it is by default', props: { podAnnotations: STARTING } },
    { name: '6 replicas, all else as it is by default', props: { replicas: 6, podAnnotations: STARTING } },
  ] : []),
];

interface Watched extends Case {
  readonly trial: Trial;
  readonly counter: ReadyPods;
}

describeOnFakeNodes('a drain', () => {
  let cluster: Cluster;
  let watched: Watched[] = [];

  beforeAll(async () => {
    cluster = await Cluster.connect();
    watched = await Promise.all([...DEFAULT_CASES, ...QUICK_CASES].map(async (each) => {
      const trial = await Trial.begin(cluster, each.props);
      return { ...each, trial, counter: await trial.count() };
    }));
  });
  afterAll(async () => {
    await Promise.all(watched.map(async ({ counter, trial }) => counter.stop().finally(async () => trial.remove())));
    await cluster.close();
  });
  beforeEach(() => watched.forEach(({ counter }) => counter.reset()));

  /** Drains nodes at the same time. @returns how many seconds it took, and how many it may take */
  const drain = async (nodes: string[]): Promise<{ taken: number; bound: number }> => {
    const onNodes = await Promise.all(watched.map(async ({ trial }) =>
      (await trial.servingNow()).filter(({ spec }) => nodes.includes(spec.nodeName)).length));
    const started = Date.now();
    try {
      await Promise.all(nodes.map(async (node) => cluster.nodes.drain(node, 300)));
    } finally {
      await Promise.all(nodes.map(async (node) => cluster.nodes.uncordon(node)));
    }
    // Pod after pod, each when the one before is replaced and someone asks again; then the last one ends.
    return { taken: since(started), bound: (Math.max(...onNodes) - 1) * (START_UP + ASKS_AGAIN) + DRAIN_DELAY + ASKS_AGAIN };
  };
  const allBack = async () => Promise.all(watched.map(async ({ trial }) => trial.serving(trial.wanted, 60)));
  const prove = (what: string) => watched.forEach(({ name, trial, counter }) => {
    measured(`drain/${what}/${name}/ready, at least`, counter.minimum, 'pods');
    expect(counter.minimum).toBeGreaterThanOrEqual(trial.wanted - 1);
  });
  /** Nodes that hold pods of the service with the longest delays, each in a zone of its own. */
  const occupied = async () => (await watched[0].trial.servingNow()).map((pod) => pod.spec.nodeName as string).sort();

  testEverything('of one node ends, and takes one pod of each service at a time', async () => {
    const [node] = await occupied();
    const { taken, bound } = await drain([node]);
    measured('drain/one node/time', taken, 's');
    expect(taken).toBeLessThan(bound);
    await allBack();
    prove('one node');
  });

  test('of two nodes at once ends, and takes one pod of each service at a time', async () => {
    const nodes = (await occupied()).slice(-2);
    const { taken, bound } = await drain(nodes);
    measured('drain/two nodes at once/time', taken, 's');
    expect(taken).toBeLessThan(bound);
    await allBack();
    prove('two nodes at once');
  });

  test('of every node in turn ends, takes one pod at a time, and leaves pods in every zone', async () => {
    if (!EVERYTHING) {
      // Six times its drain delay would be too long for every run.
      const [slow] = watched.splice(0, 1);
      await slow.counter.stop();
      await slow.trial.remove();
    }
    const times: number[] = [];
    for (const node of (await cluster.nodes.list()).map(({ metadata }) => metadata.name)) {
      const { taken, bound } = await drain([node]);
      expect(taken).toBeLessThan(bound);
      times.push(taken);
      await allBack();
    }
    measured(`drain/every node in turn${EVERYTHING ? '' : ', quick services only'}/time`, times.reduce((a, b) => a + b), 's');
    measured(`drain/every node in turn${EVERYTHING ? '' : ', quick services only'}/time of one, at most`, Math.max(...times), 's');
    prove('every node in turn');
    for (const { name, trial } of watched) {
      const covered = (await trial.zones()).filter((count) => count > 0).length;
      measured(`drain/every node in turn/${name}/zones covered afterwards`, covered, 'zones');
      expect(covered).toBe(Math.min(3, trial.wanted));
    }
  }, 900_000);
});

describeOnFakeNodes('a drain of sick pods', () => {
  /** Only in one zone, so that several cases can be tried at once. */
  const only = (zone: string): Props => ({ ...QUICK, replicas: 4, scheduling: { nodeSelector: { 'topology.kubernetes.io/zone': zone } } });
  const KEPT = DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1), { evictUnhealthyPods: false });
  const NEVER_READY: Props = { podAnnotations: behaving({ readyAfter: 'never' }) };
  const TIMEOUT = EVERYTHING ? 60 : 15;

  let cluster: Cluster;
  let trials: Trial[] = [];
  let outcomes: Record<string, string>;

  beforeAll(async () => {
    cluster = await Cluster.connect();
    trials = await Promise.all([
      Trial.apply(cluster, { ...only('zone-a'), ...NEVER_READY }),
      Trial.apply(cluster, { ...only('zone-b'), ...NEVER_READY, disruptionBudget: KEPT, acknowledgements: { 'HA-B7': 'what the default is for' } }),
      Trial.begin(cluster, { ...only('zone-c'), healthCheck: HealthCheck.tcp({ interval: Duration.seconds(1) }) }),
    ]);
    const [neverReady, kept, recovering] = trials;
    for (const trial of [neverReady, kept]) {
      await trial.wait(async () => (await trial.pods()).filter(({ status }) => status.phase === 'Running').length === 4, 60, '4 running pods');
    }
    // The one that stays well is not on the node that is drained: it may not go before the others are back.
    const well = (await recovering.pods()).find(({ spec }) => spec.nodeName !== 'zone-c-1');
    const sick = (await recovering.pods()).filter(({ metadata }) => metadata.uid !== well?.metadata.uid);
    await Promise.all(sick.map(async ({ metadata: { name, namespace } }) =>
      cluster.patch({ apiVersion: 'v1', kind: 'Pod', name, namespace }, { metadata: { annotations: behaving({ sick: 'true' }) } })));
    await recovering.serving(1, 60);
    // The disruption controller looks at pods before the eviction does.
    await seconds(1);
    const counter = await recovering.count();

    const outcome = async (node: string, name: string) => {
      const started = Date.now();
      const end = await cluster.nodes.drain(node, TIMEOUT).then(() => 'drained', () => 'blocked');
      measured(`drain/sick pods/${name}/time${end === 'blocked' ? ' without success' : ''}`, since(started), 's');
      return end;
    };
    const [drained, blocked, partly] = await Promise.all([
      outcome('zone-a-1', 'none ready'), outcome('zone-b-1', 'none ready, evictUnhealthyPods: false'), outcome('zone-c-1', 'one of four ready'),
    ]);
    await counter.stop();
    outcomes = { drained, blocked, partly, least: `${counter.minimum}` };
  });
  afterAll(async () => {
    await Promise.all((await cluster.nodes.list()).map(async ({ metadata }) => cluster.nodes.uncordon(metadata.name)));
    await Promise.all(trials.map(async (trial) => trial.remove()));
    await cluster.close();
  });

  test('ends, though no pod is ready', () => expect(outcomes.drained).toBe('drained'));
  test('is blocked, where unhealthy pods may not be evicted', () => expect(outcomes.blocked).toBe('blocked'));
  test('ends, though three of four are sick, and keeps the last one that serves', () => {
    expect(outcomes.partly).toBe('drained');
    expect(Number(outcomes.least)).toBeGreaterThanOrEqual(1);
  });
});
