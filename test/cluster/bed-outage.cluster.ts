/**
 * The test bed tests itself: lost zones, other nodes, autoscaling. On a control
 * plane of its own, whose controllers are quick.
 */
import { refOf } from './api';
import { workload } from './bed-workload';
import { requestedVersion } from './binaries';
import { Cluster } from './cluster';
import { ControlPlane, SHORT_TIMINGS, startControlPlane } from './control-plane';
import { isReady, THREE_ZONES } from './nodes';

const describeOnFakeNodes = process.env.KUBECONFIG ? describe.skip : describe;
const SELECTOR = 'app=web';

describeOnFakeNodes('a test bed with quick controllers', () => {
  let plane: ControlPlane;
  let cluster: Cluster;
  let namespace: string;

  beforeAll(async () => {
    plane = await startControlPlane({ version: requestedVersion(), timings: SHORT_TIMINGS });
    cluster = await Cluster.connect(plane);
  });
  afterAll(async () => {
    await cluster?.close();
    await plane?.stop();
  });
  beforeEach(async () => { namespace = await cluster.namespace(); });
  afterEach(async () => cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace }));

  const serving = async () => (await cluster.pods(namespace, SELECTOR)).filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp);
  const ready = async (count: number, timeout = 60) =>
    cluster.waitFor(async () => (await serving()).length === count, timeout, `${count} ready pods`);

  const spread = {
    topologySpreadConstraints: [{
      maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor', labelSelector: { matchLabels: { app: 'web' } },
    }],
  };

  test('a silent zone is not ready, its pods are replaced elsewhere, and its return ends the old ones', async () => {
    await cluster.apply(workload({ pod: spread }), { namespace });
    await ready(3);
    const zones = await cluster.nodes.zones();
    const lost = (await serving()).find((pod) => zones.get(pod.spec.nodeName) === 'zone-b')!;

    const begin = Date.now();
    await cluster.nodes.silenceZone('zone-b');
    await cluster.waitFor(async () => (await serving()).length === 2, 60, 'the loss to be seen');
    const seen = (Date.now() - begin) / 1000;
    await ready(3);
    const replaced = (Date.now() - begin) / 1000;

    // The grace period of 10 s, less at most the 2.5 s that the last heartbeat is old.
    expect(seen).toBeGreaterThan(7);
    expect(replaced - seen).toBeGreaterThan(5);
    expect(replaced).toBeLessThan(40);
    const notReady = (await cluster.nodes.list()).filter((node) => !isReady(node)).map((node) => zones.get(node.metadata.name));
    expect(notReady).toEqual(['zone-b', 'zone-b']);
    // Nobody is there to end it: so it stays, as in a real outage.
    expect(await cluster.get(refOf(lost))).toHaveProperty('metadata.deletionTimestamp');

    await cluster.nodes.restoreZone('zone-b');
    await cluster.waitFor(async () => (await cluster.pods(namespace, SELECTOR)).length === 3, 30, 'the old pod to end');
    expect(await serving()).toHaveLength(3);
  });

  test('a node that is silent for a moment only gets its pods back as they were', async () => {
    await cluster.apply(workload(), { namespace });
    await ready(3);
    const [pod] = await serving();
    await cluster.nodes.silence(pod.spec.nodeName);
    await cluster.waitFor(async () => !isReady(await cluster.get(refOf(pod))), 60, 'the pod to be marked unready');
    await cluster.nodes.restore(pod.spec.nodeName);
    await ready(3);
    expect((await serving()).map((other) => other.metadata.uid)).toContain(pod.metadata.uid);
  });

  test('the autoscaler follows the metrics that a test writes, up at once and down later', async () => {
    await cluster.apply([workload({ replicas: 3 }), {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 3,
        maxReplicas: 6,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }],
      },
    }], { namespace });
    await ready(3);
    const wanted = async (replicas: number, cpu: string, timeout: number) => cluster.waitFor(async () => {
      await cluster.writePodMetrics(namespace, SELECTOR, { cpu });
      return (await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace })).spec.replicas === replicas;
    }, timeout, `the autoscaler to ask for ${replicas}`);

    // 250m of use on requests of 200m is 125 %: twice as many are needed.
    await wanted(6, '250m', 30);
    await ready(6);
    const begin = Date.now();
    await wanted(3, '10m', 60);
    expect(Date.now() - begin).toBeGreaterThan(8_000);
  });

  test('other nodes can take the place of the first ones', async () => {
    try {
      await cluster.nodes.replace({ zones: ['zone-x'], nodesPerZone: 1, cpu: '1', pods: '2' });
      await cluster.apply(workload(), { namespace });
      await ready(2);
      const pending = (await cluster.pods(namespace, SELECTOR)).find((pod) => !pod.spec.nodeName)!;
      expect(pending.status.conditions[0]).toMatchObject({ type: 'PodScheduled', reason: 'Unschedulable' });
    } finally {
      await cluster.nodes.replace(THREE_ZONES);
    }
    expect((await cluster.nodes.list()).filter(isReady)).toHaveLength(6);
  });
});
