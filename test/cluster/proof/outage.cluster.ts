/**
 * What serves when a zone falls silent, when its pods are replaced, and what its return does. With Kubernetes' own timings.
 */
import { Duration, JsonPatch } from 'cdk8s';
import { GracefulShutdown, Rollout, Spread } from '../../../lib';
import { KubeObject } from '../api';
import { requestedVersion } from '../binaries';
import { Cluster } from '../cluster';
import { ControlPlane, startControlPlane } from '../control-plane';
import { isReady, THREE_ZONES } from '../nodes';
import { ReadyPods } from '../ready-pods';
import { behaving } from './manifests';
import { measured } from './measured';
import { Change, describeOnFakeNodes, EVERYTHING, Props, since, skew, testEverything, Trial } from './trial';

const LOST = 'zone-a';

/** An application that takes 3 s to start: with its probes, its pods are ready after 5 s. */
const STARTING = behaving({ readyAfter: '3' });
const START_UP = 5;

/** A release whose start-up is not the point. */
const AT_ONCE: Props = { podAnnotations: behaving({ readyAfter: '0' }) };

/** The default of `nodeFailureToleration`. */
const TOLERATION = 30;

/** How much later than it happens Kubernetes (and this test) may see something; times in objects are whole seconds. */
const ROUNDING = 3;

/**
 * When all pods serve again at the latest, in Kubernetes' own words: a node is given up `--node-monitor-grace-period` after its last heartbeat, by a controller
 * that looks every 5 s (`--node-monitor-period`; older ones need a second look) and then takes one node per 10 s and zone (`--node-eviction-rate`); its pods
 * stay for their toleration.
 */
function promise(version: string, nodes: number): number {
  const older = version.localeCompare('1.32', 'en', { numeric: true }) < 0;
  return (older ? 40 + 2 * 5 : 50 + 5) + (nodes - 1) * 10 + TOLERATION + START_UP + ROUNDING;
}

interface Case {
  readonly name: string;
  readonly props: Props;
  readonly change?: Change;
}

interface Watched extends Case {
  readonly trial: Trial;
  readonly counter: ReadyPods;
  /** How many of its pods the zone held. */
  readonly lost: number;
}

/** Only what an outage does not depend on is quick. */
const QUICK: Props = {
  rollout: Rollout.rolling({ minReady: Duration.seconds(1) }),
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(2) }),
};

const CASES: Case[] = [
  { name: 'as it is by default', props: {} },
  { name: '3 replicas', props: { ...QUICK, replicas: 3 } },
  { name: '6 replicas', props: { ...QUICK, replicas: 6 } },
  { name: '3 replicas, required', props: { ...QUICK, replicas: 3, spread: Spread.required() } },
  ...(EVERYTHING ? [
    { name: '10 replicas', props: { ...QUICK, replicas: 10 } },
    { name: '6 replicas, required', props: { ...QUICK, replicas: 6, spread: Spread.required() } },
  ] : []),
];

/** Without what the library adds: as most manifests are. */
const PATIENT: Case = {
  name: "3 replicas, Kubernetes' own tolerations",
  props: { ...QUICK, replicas: 3 },
  change: (web) => web.patch(web.deployment, JsonPatch.remove('/spec/template/spec/tolerations')),
};
const COUNTING_LOST_NODES: Case = {
  name: '3 replicas, required, without nodeTaintsPolicy',
  props: { ...QUICK, replicas: 3, spread: Spread.required() },
  change: (web) => web.patch(web.deployment, JsonPatch.remove('/spec/template/spec/topologySpreadConstraints/0/nodeTaintsPolicy')),
};

describeOnFakeNodes.each(EVERYTHING ? [2, 4] : [2])('the outage of a zone of %s nodes', (nodesPerZone) => {
  const figure = (...words: string[]) => ['outage', `zone of ${nodesPerZone} nodes`, ...words].join('/');
  let plane: ControlPlane | undefined;
  let cluster: Cluster;
  let watched: Watched[] = [];
  let controls: Watched[] = [];
  let lostNodes: string[];
  let silent: number;

  beforeAll(async () => {
    const usual = nodesPerZone === THREE_ZONES.nodesPerZone;
    plane = usual ? undefined : await startControlPlane({ version: requestedVersion(), nodes: { ...THREE_ZONES, nodesPerZone } });
    cluster = await Cluster.connect(plane);
    lostNodes = await cluster.nodes.inZone(LOST);
    const begin = async (each: Case): Promise<Watched> => {
      const trial = await Trial.begin(cluster, { ...each.props, podAnnotations: STARTING }, each.change);
      const lost = (await trial.servingNow()).filter(onLostNode).length;
      return { ...each, trial, lost, counter: await trial.count() };
    };
    const all = await Promise.all([...CASES, PATIENT, COUNTING_LOST_NODES].map(begin));
    [watched, controls] = [all.slice(0, CASES.length), all.slice(CASES.length)];
    silent = Date.now();
    await cluster.nodes.silenceZone(LOST);
  });
  afterAll(async () => {
    const all = [...watched, ...controls];
    try {
      await Promise.all(all.map(async ({ counter }) => counter.stop()));
    } finally {
      await cluster.nodes.restoreZone(LOST);
      await Promise.all(all.map(async ({ trial }) => trial.remove()));
      await cluster.close();
      await plane?.stop();
    }
  });

  const onLostNode = (pod: KubeObject) => lostNodes.includes(pod.spec.nodeName);
  const servingElsewhere = async (trial: Trial) => (await trial.servingNow()).filter((pod) => !onLostNode(pod));

  test('is noticed, node after node', async () => {
    const nodes = async () => (await cluster.nodes.list()).filter(({ metadata }) => lostNodes.includes(metadata.name));
    const givenUp = (node: KubeObject) => (node.spec.taints ?? []).some((taint: { key: string; effect: string }) =>
      taint.key === 'node.kubernetes.io/unreachable' && taint.effect === 'NoExecute');
    await cluster.waitFor(async () => (await nodes()).every((node) => !isReady(node)), 120, 'the nodes to be not ready');
    measured(figure('nodes not ready'), since(silent), 's');
    await cluster.waitFor(async () => (await nodes()).some(givenUp), 60, 'the first node to be given up');
    measured(figure('first node given up'), since(silent), 's');
    await cluster.waitFor(async () => (await nodes()).every(givenUp), 120, 'all nodes to be given up');
    measured(figure('last node given up'), since(silent), 's');
  });

  test('costs the pods of that zone, and all are replaced in time, evenly in the other zones', async () => {
    await Promise.all(watched.map(async ({ name, trial, counter, lost }) => {
      await trial.wait(async () => (await trial.pods()).filter(onLostNode).every((pod) => pod.metadata.deletionTimestamp), 180, 'the lost pods to be given up');
      const evicted = since(silent);
      await trial.wait(async () => (await servingElsewhere(trial)).length === trial.wanted, 120, 'all pods to be replaced');
      const replaced = since(silent);
      measured(figure(name, 'lost pods'), lost, 'pods');
      measured(figure(name, 'lost pods given up'), evicted, 's');
      measured(figure(name, 'all pods ready'), replaced, 's');
      measured(figure(name, 'ready, at least'), counter.minimum, 'pods');
      expect(replaced).toBeLessThan(promise(cluster.version, nodesPerZone));
      expect(counter.minimum).toBe(trial.wanted - lost);
      const zones = await trial.zones();
      expect(zones).toHaveLength(2);
      expect(skew(zones)).toBeLessThanOrEqual(1);
    }));
  });

  test('leaves pods without our tolerations where they are lost, and pods that count lost nodes without a place', async () => {
    for (const { name, trial, lost } of controls) {
      expect(lost).toBe(1);
      expect(await servingElsewhere(trial)).toHaveLength(2);
      measured(figure(name, 'ready when all others are back'), 2, 'pods');
    }
    const [patient, counting] = controls;
    const pods = await Promise.all([patient, counting].map(async ({ trial }) => trial.pods()));
    expect(pods[0].filter(({ metadata }) => metadata.deletionTimestamp)).toEqual([]);
    expect(pods[1].filter(({ status }) => status.phase === 'Pending')).toHaveLength(1);
  });

  test('does not stop a release', async () => {
    const quick = watched.filter(({ props }) => props.rollout);
    quick.forEach(({ counter }) => counter.reset());
    await Promise.all(quick.map(async ({ name, trial, counter }) => {
      measured(figure(name, 'release during the outage'), await trial.release(AT_ONCE, 120), 's');
      expect(counter.minimum).toBe(trial.wanted);
    }));
  });

  (nodesPerZone === THREE_ZONES.nodesPerZone ? testEverything : test.skip)("takes minutes to get over with Kubernetes' own tolerations", async () => {
    const [{ name, trial }] = controls;
    await trial.wait(async () => (await servingElsewhere(trial)).length === trial.wanted, 420, 'all pods to be replaced');
    expect(measured(figure(name, 'all pods ready'), since(silent), 's')).toBeGreaterThan(300);
  });

  test('ends with the return of the zone: the lost pods go, no other does, and the next release covers every zone', async () => {
    watched.forEach(({ counter }) => counter.reset());
    const back = Date.now();
    await cluster.nodes.restoreZone(LOST);
    measured(figure('nodes ready after their return'), since(back), 's');
    await Promise.all(watched.map(async ({ name, props, trial, counter }) => {
      await trial.wait(async () => (await trial.pods()).length === trial.wanted, 60, 'the lost pods to go');
      measured(figure(name, 'lost pods gone after their return'), since(back), 's');
      if (EVERYTHING || props.rollout) {
        await trial.release(AT_ONCE);
        const zones = await trial.zones();
        measured(figure(name, 'zones covered by the next release'), zones.filter((count) => count > 0).length, 'zones');
        expect(zones.every((count) => count > 0)).toBe(true);
      }
      expect(counter.minimum).toBe(trial.wanted);
    }));
  });

  testEverything('of one node alone is over even sooner', async () => {
    const { trial } = watched[0];
    const [{ spec: { nodeName: node } }] = await trial.servingNow();
    const begin = Date.now();
    await cluster.nodes.silence(node);
    try {
      const elsewhere = async () => (await trial.servingNow()).filter((pod) => pod.spec.nodeName !== node);
      await trial.wait(async () => (await elsewhere()).length === trial.wanted, 180, 'all pods to be replaced');
      expect(measured(figure('one node only', 'all pods ready'), since(begin), 's')).toBeLessThan(promise(cluster.version, 1));
    } finally {
      await cluster.nodes.restore(node);
      await cluster.nodes.waitForReady([node]);
    }
  });
});
