/**
 * What serves while one version replaces another, and what a bad version can do.
 */
import { Duration } from 'cdk8s';
import { Cpu, Topology } from 'cdk8s-plus-28';
import { GracefulShutdown, Rollout, Spread } from '../../../lib';
import { Cluster } from '../cluster';
import { isReady } from '../nodes';
import { behaving } from './manifests';
import { measured } from './measured';
import { EVERYTHING, Props, seconds, sideBySide, since, Trial } from './trial';

/** An application that takes 3 s to start: with its probes, its pods are ready after 5 s. */
const STARTING = behaving({ readyAfter: '3' });
const START_UP = 5;

/** So that all cases fit on the nodes at the same time. */
const LIGHT: Props = { resources: { cpu: { request: Cpu.millis(50), limit: Cpu.units(1) } } };

const quick = (minReady: number): Props => ({
  ...LIGHT,
  rollout: Rollout.rolling({ minReady: Duration.seconds(minReady) }),
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(2) }),
});

/** Never answers: on fake nodes by its annotation, on others by its program. */
const NEVER_READY: Props = { args: ['pause'], podAnnotations: behaving({ readyAfter: 'never' }) };

/** Is ready after 5 s, and ends 7 s later: sooner than `minReady`. */
const CRASHING: Props = {
  command: ['sh', '-c', '/agnhost netexec --http-port=8080 & sleep 12; exit 1'],
  args: [],
  podAnnotations: behaving({ crashAfter: '12' }),
};

/** Long enough for a pod that needs all of its start-up time, and no longer. */
const SOON_FAILED: Props = {
  startupTime: Duration.seconds(10),
  rollout: Rollout.rolling({ progressDeadline: Duration.seconds(20) }),
};
const DEADLINE = 20;

let cluster: Cluster;
beforeAll(async () => { cluster = await Cluster.connect(); });
afterAll(async () => cluster?.close());

const begin = async (props: Props) => Trial.begin(cluster, { ...props, podAnnotations: { ...STARTING, ...props.podAnnotations } });
const uids = async (trial: Trial) => (await trial.servingNow()).map((pod) => pod.metadata.uid).sort();

/** A release during which no pod is lost but by the release itself. */
function undisturbed(name: string, props: Props): () => Promise<void> {
  return async () => {
    const trial = await begin(props);
    const counter = await trial.count();
    const taken = await trial.release();
    await counter.stop();
    const figure = (what: string) => `rollout/${name}/${what}`;
    measured(figure('time'), taken, 's');
    measured(figure('ready, at least'), counter.minimum, 'pods');
    measured(figure('ready, at most'), counter.maximum, 'pods');
    expect(counter.minimum).toBe(trial.wanted);
    expect(counter.maximum).toBeLessThanOrEqual(trial.wanted + Math.ceil(trial.wanted / 4));
  };
}

/** A release while someone evicts one pod after the other, as fast as the budget allows. */
function underEvictions(name: string, props: Props, time: number): () => Promise<void> {
  return async () => {
    const trial = await begin(props);
    const counter = await trial.count();
    const started = Date.now();
    await trial.startRelease();
    let granted = 0;
    let refused = 0;
    while (since(started) < time) {
      const pods = await trial.servingNow();
      const victim = pods[Math.floor(Math.random() * pods.length)];
      const gone = { evicted: false, status: 404 };
      const { evicted, status } = victim ? await cluster.evict(trial.namespace, victim.metadata.name).catch(() => gone) : gone;
      granted += evicted ? 1 : 0;
      refused += status === 429 ? 1 : 0;
      await seconds(0.2);
    }
    await trial.rolledOut();
    await counter.stop();
    const figure = (what: string) => `rollout/${name}/${what}`;
    measured(figure('time'), since(started), 's');
    measured(figure('granted'), granted, 'evictions');
    measured(figure('refused'), refused, 'evictions');
    measured(figure('ready, at least'), counter.minimum, 'pods');
    measured(figure('time with one pod less'), counter.millisecondsBelow(trial.wanted) / 1000, 's');
    expect(granted).toBeGreaterThan(1);
    expect(refused).toBeGreaterThan(1);
    expect(counter.minimum).toBeGreaterThanOrEqual(trial.wanted - 1);
  };
}

/** A release that is never ready, and the way back. */
function neverReady(name: string, props: Props, deadline: number): () => Promise<void> {
  return async () => {
    const trial = await begin(props);
    const before = await uids(trial);
    const counter = await trial.count();
    const started = Date.now();
    await trial.startRelease(NEVER_READY);
    const failed = await trial.wait(async () => {
      const progress = await trial.condition('Progressing');
      return progress?.status === 'False' && progress;
    }, deadline + 30, 'the rollout to fail');
    const noticed = measured(`rollout/${name}/time until it counts as failed`, since(started), 's');
    expect(failed.reason).toBe('ProgressDeadlineExceeded');
    expect(noticed).toBeGreaterThan(deadline - 1);
    expect(noticed).toBeLessThan(deadline + 10);
    await expect(cluster.kubectl('rollout', 'status', 'deployment/web', `--namespace=${trial.namespace}`, '--timeout=20s'))
      .rejects.toThrow(/exceeded its progress deadline/);
    expect((await trial.pods()).filter((pod) => !isReady(pod))).toHaveLength(1);

    const back = Date.now();
    await trial.applyAgain();
    await trial.rolledOut();
    measured(`rollout/${name}/time to roll back`, since(back), 's');
    expect(await uids(trial)).toEqual(before);
    expect((await trial.condition('Progressing'))?.status).toBe('True');
    await counter.stop();
    expect([counter.minimum, counter.maximum]).toEqual([trial.wanted, trial.wanted]);
  };
}

/** A release that is ready, and then crashes. @returns how many of the old pods are left, and how many served at least */
async function crashes(props: Props, time: number): Promise<{ survivors: number; minimum: number }> {
  const trial = await begin(props);
  const before = await uids(trial);
  const counter = await trial.count();
  await trial.startRelease(CRASHING);
  await seconds(time);
  await counter.stop();
  const now = (await trial.pods()).filter((pod) => !pod.metadata.deletionTimestamp).map((pod) => pod.metadata.uid);
  return { survivors: before.filter((uid) => now.includes(uid)).length, minimum: counter.minimum };
}

/**
 * A release that crashes again and again. Each time that one of its pods becomes ready counts as progress: it fails only when the kubelet's back-off, which
 * doubles up to 5 minutes, is longer than the deadline.
 */
async function crashesForLong(deadline: number): Promise<void> {
  const rollout = Rollout.rolling({ progressDeadline: Duration.seconds(deadline) });
  const trial = await begin({ replicas: 3, startupTime: Duration.seconds(10), rollout });
  const counter = await trial.count();
  const started = Date.now();
  await trial.startRelease(CRASHING);
  await trial.wait(async () => (await trial.condition('Progressing'))?.status === 'False', 300, 'the rollout to fail');
  const noticed = measured(`rollout/crashes 7 s after it is ready, a deadline of ${deadline} s/time until it counts as failed`, since(started), 's');
  await counter.stop();
  expect(noticed).toBeGreaterThan(deadline + 10);
  expect(counter.minimum).toBe(3);
}

/** As many pods as there are zones, or nodes: the new ones need a place beside the old ones. */
function nowhereElse(name: string, props: Props): [string, () => Promise<void>] {
  return [`${name}: no deadlock`, async () => {
    const trial = await begin({ ...quick(1), ...props });
    const counter = await trial.count();
    measured(`rollout/${name}/time`, await trial.release({}, 120), 's');
    await counter.stop();
    expect(counter.minimum).toBe(trial.wanted);
  }];
}

const OVER_NODES = Spread.required({ topologies: [Topology.HOSTNAME, Topology.ZONE] });
const AS_MANY: Array<[string, Props]> = [
  ['3 replicas in 3 zones, required', { replicas: 3, spread: Spread.required() }],
  ['6 replicas on 6 nodes, required over nodes', { replicas: 6, spread: OVER_NODES }],
  ...(EVERYTHING ? [
    ['3 replicas in 3 zones, preferred', { replicas: 3 }],
    ['6 replicas on 6 nodes, preferred', { replicas: 6 }],
    ['6 replicas on 6 nodes, required over zones', { replicas: 6, spread: Spread.required() }],
    ['3 replicas, each needs a zone of its own', {
      replicas: 3, spread: Spread.required({ minDomains: 3 }), acknowledgements: { 'HA-C5': 'the point of the test' },
    }],
  ] as Array<[string, Props]> : []),
];

describe('a release', () => {
  sideBySide({
    'of 3 replicas: all of them serve at any time': undisturbed('3 replicas', { replicas: 3 }),
    'of 3 replicas under evictions: one less serves at worst': underEvictions('3 replicas under evictions', { replicas: 3 }, 15),
    'of 6 quick replicas under evictions: one less serves at worst': underEvictions('6 quick replicas under evictions', { ...quick(2), replicas: 6 }, 15),
    ...(EVERYTHING ? {
      'of a service as it is by default: all pods serve at any time': undisturbed('as it is by default', {}),
      'of a service as it is by default, under evictions: one less serves at worst': underEvictions('as it is by default, under evictions', {}, 60),
      'of 10 replicas: all of them serve at any time': undisturbed('10 replicas', { ...LIGHT, replicas: 10 }),
      'of 10 replicas under evictions: one less serves at worst': underEvictions('10 replicas under evictions', { ...LIGHT, replicas: 10 }, 60),
    } : {}),
    'that is never ready stops by itself, with the old pods serving, and can be rolled back':
      neverReady('never ready, a deadline of 20 s', { ...SOON_FAILED, replicas: 3 }, DEADLINE),
    ...(EVERYTHING ? {
      'that is never ready fails after 10 minutes by default': neverReady('never ready, the default deadline', { replicas: 3 }, 600),
    } : {}),
    'that crashes soon after it is ready replaces no pod': async () => {
      const { survivors, minimum } = await crashes({ replicas: 3 }, 35);
      measured('rollout/crashes 7 s after it is ready/old pods left', survivors, 'pods');
      measured('rollout/crashes 7 s after it is ready/ready, at least', minimum, 'pods');
      expect([survivors, minimum]).toEqual([3, 3]);
    },
    ...(EVERYTHING ? {
      'that crashes again and again fails, but later than its deadline': async () => crashesForLong(30),
    } : {}),
    'that crashes soon after it is ready replaces pods, and fewer serve, where ready pods count at once': async () => {
      const careless: Props = { ...quick(0), replicas: 3, acknowledgements: { 'HA-D5': 'what the default is for' } };
      const { survivors, minimum } = await crashes(careless, 35);
      measured('rollout/crashes 7 s after it is ready, minReady 0/old pods left', survivors, 'pods');
      measured('rollout/crashes 7 s after it is ready, minReady 0/ready, at least', minimum, 'pods');
      expect(survivors).toBeLessThan(3);
      expect(minimum).toBeLessThan(3);
    },
    'starts within the time that the figures are for': async () => {
      const trial = await begin({ ...quick(1), replicas: 3 });
      const [pod] = await trial.servingNow();
      const ready = (pod.status.conditions as Array<{ type: string; lastTransitionTime: string }>).find(({ type }) => type === 'Ready')!;
      const taken = (Date.parse(ready.lastTransitionTime) - Date.parse(pod.metadata.creationTimestamp!)) / 1000;
      expect(Math.abs(taken - START_UP)).toBeLessThanOrEqual(2);
    },
    ...Object.fromEntries(AS_MANY.map(([name, props]) => nowhereElse(name, props))),
  });
});
