/**
 * The test bed tests itself: what it plays must be what a cluster would do, or
 * nothing that is proved on it is proved.
 */
import { KubeObject, refOf } from './api';
import { workload, WorkloadProps } from './bed-workload';
import { requestedVersion } from './binaries';
import { Cluster } from './cluster';
import { isReady } from './nodes';
import { ANNOTATIONS } from './stages';

/** What fake nodes are needed for is no matter of a cluster given by KUBECONFIG. */
const testOnFakeNodes = process.env.KUBECONFIG ? test.skip : test;
const SELECTOR = 'app=web';

let cluster: Cluster;
let namespace: string;

beforeAll(async () => { cluster = await Cluster.connect(); });
afterAll(async () => cluster?.close());
beforeEach(async () => { namespace = await cluster.namespace(); });

const deploymentRef = () => ({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace });
const seconds = async (time: number) => new Promise((resolve) => setTimeout(resolve, time * 1000));

async function ready(count: number, timeout = 60): Promise<KubeObject[]> {
  return cluster.waitFor(async () => {
    const pods = (await cluster.pods(namespace, SELECTOR)).filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp);
    return pods.length === count && pods;
  }, timeout, `${count} ready pods`);
}

async function deploy(props: WorkloadProps = {}): Promise<KubeObject[]> {
  await cluster.apply(workload(props), { namespace });
  return ready(props.replicas ?? 3);
}

/** Deletes a pod, and tells after how many seconds it was gone. */
async function secondsToStop(pod: KubeObject): Promise<number> {
  const begin = Date.now();
  await cluster.delete(refOf(pod));
  const gone = async () => !(await cluster.pods(namespace)).some((other) => other.metadata.uid === pod.metadata.uid);
  await cluster.waitFor(gone, 60, `${pod.metadata.name} to be gone`);
  return (Date.now() - begin) / 1000;
}

describe('the control plane', () => {
  testOnFakeNodes('is the version that was asked for', async () => {
    const { gitVersion } = await cluster.api.call<{ gitVersion: string }>('GET', '/version');
    expect(gitVersion).toBe(`v${requestedVersion()}`);
    expect(await cluster.kubectl('version')).toContain(`Client Version: v${requestedVersion()}`);
  });

  testOnFakeNodes('has six ready nodes in three zones, with room for ephemeral storage', async () => {
    const nodes = await cluster.nodes.list();
    expect(nodes.filter(isReady)).toHaveLength(6);
    expect([...(await cluster.nodes.zones()).values()].sort()).toEqual(['zone-a', 'zone-a', 'zone-b', 'zone-b', 'zone-c', 'zone-c']);
    expect(nodes.map((node) => node.status.allocatable['ephemeral-storage'])).toEqual(Array(6).fill('100Gi'));
  });

  test('refuses an unknown field', async () => {
    await expect(cluster.apply(workload({ container: { imagePullPolice: 'Always' } }), { namespace })).rejects.toThrow(/imagePullPolice/);
  });

  test('stores nothing in a dry run', async () => {
    await cluster.apply(workload(), { namespace, dryRun: true });
    expect(await cluster.find(deploymentRef())).toBeUndefined();
  });

  test('refuses to take over a field of another manager, unless forced', async () => {
    await cluster.apply(workload(), { namespace });
    const other = workload({ replicas: 5 });
    await expect(cluster.apply(other, { namespace, fieldManager: 'other' })).rejects.toThrow(/409 Conflict/);
    await cluster.apply(other, { namespace, fieldManager: 'other', force: true });
    expect((await cluster.get(deploymentRef())).spec.replicas).toBe(5);
  });

  test('enforces Pod Security', async () => {
    const restricted = await cluster.namespace({ podSecurity: 'restricted' });
    await cluster.apply(workload(), { namespace: restricted });
    const sets = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: restricted };
    const refusal = await cluster.waitFor(async () => {
      const [set] = await cluster.list(sets);
      return set?.status.conditions?.find((condition: { type: string }) => condition.type === 'ReplicaFailure') as { message: string } | undefined;
    }, 30, 'the ReplicaSet to fail');
    expect(refusal.message).toContain('violates PodSecurity "restricted');
    expect(await cluster.pods(restricted)).toHaveLength(0);
  });
});

describe('a pod', () => {
  testOnFakeNodes('is not ready before the initial delay of its probe', async () => {
    const begin = Date.now();
    const counter = await cluster.watchReadyPods(namespace, SELECTOR);
    await deploy();
    await counter.stop();
    const first = (counter.samples.find((sample) => sample.ready > 0)!.at - begin) / 1000;
    expect(first).toBeGreaterThanOrEqual(3);
    expect(first).toBeLessThan(5);
  });

  testOnFakeNodes('is ready as late as its application is, at the next probe', async () => {
    const begin = Date.now();
    await deploy({
      replicas: 1,
      annotations: { [ANNOTATIONS.readyAfter]: '5' },
      container: { startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 2, failureThreshold: 5 }, readinessProbe: undefined },
    });
    const taken = (Date.now() - begin) / 1000;
    expect(taken).toBeGreaterThanOrEqual(6);
    expect(taken).toBeLessThan(8);
  });

  testOnFakeNodes('of a bad release is never ready, and the old ones go on serving', async () => {
    await deploy();
    const counter = await cluster.watchReadyPods(namespace, SELECTOR);
    await cluster.apply(workload({ annotations: { [ANNOTATIONS.readyAfter]: 'never' } }), { namespace });
    await seconds(8);
    await counter.stop();
    expect([counter.minimum, counter.maximum]).toEqual([3, 3]);
    expect((await cluster.get(deploymentRef())).status.updatedReplicas).toBe(1);

    await cluster.kubectl('rollout', 'undo', 'deployment/web', `--namespace=${namespace}`);
    await cluster.kubectl('rollout', 'status', 'deployment/web', `--namespace=${namespace}`, '--timeout=30s');
    await counterStaysAt(3);
  });

  testOnFakeNodes('is restarted when its start-up takes longer than its startup probe allows', async () => {
    await cluster.apply(workload({
      replicas: 1,
      annotations: { [ANNOTATIONS.readyAfter]: '30' },
      container: { startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 3 } },
    }), { namespace });
    const pod = await cluster.waitFor(async () => (await cluster.pods(namespace)).find(restarts), 20, 'a restart');
    expect(isReady(pod)).toBe(false);
  });

  testOnFakeNodes('that crashes is not ready, and comes back', async () => {
    await cluster.apply(workload({ replicas: 1, annotations: { [ANNOTATIONS.crashAfter]: '5' } }), { namespace });
    const counter = await cluster.watchReadyPods(namespace, SELECTOR);
    await cluster.waitFor(async () => (await cluster.pods(namespace)).find(restarts), 20, 'a crash');
    await cluster.waitFor(async () => counter.samples.length >= 4, 20, 'the pod to be ready again');
    await counter.stop();
    expect(counter.samples.map((sample) => sample.ready).slice(0, 4)).toEqual([0, 1, 0, 1]);
  });

  testOnFakeNodes('that is sick is not ready, until it recovers', async () => {
    const [pod] = await deploy();
    const ref = refOf(pod);
    await cluster.patch(ref, { metadata: { annotations: { [ANNOTATIONS.sick]: 'true' } } });
    await ready(2);
    await cluster.patch(ref, { metadata: { annotations: { [ANNOTATIONS.sick]: null } } });
    await ready(3);
  });

  testOnFakeNodes('of a Job runs to its end', async () => {
    const template = workload({ pod: { restartPolicy: 'Never' } }).spec.template as object;
    await cluster.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once' }, spec: { template } }, { namespace });
    const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'once', namespace };
    await cluster.waitFor(async () => (await cluster.get(job)).status?.succeeded === 1, 30, 'the Job to succeed');
  });

  testOnFakeNodes('has an address of its own, which its Service finds', async () => {
    await cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }, { namespace });
    const pods = await deploy();
    const slices = await cluster.waitFor(async () => {
      const list = await cluster.list({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace });
      const endpoints = list.flatMap((slice) => (slice.endpoints ?? []) as Array<{ addresses: string[]; conditions: { ready: boolean } }>);
      const found = endpoints.filter((endpoint) => endpoint.conditions.ready);
      return found.length === 3 && found;
    }, 10, 'three endpoints');
    expect(slices.flatMap((endpoint) => endpoint.addresses).sort()).toEqual(pods.map((pod) => pod.status.podIP as string).sort());
    expect(new Set(pods.map((pod) => pod.status.podIP as string)).size).toBe(3);
  });

  async function counterStaysAt(count: number): Promise<void> {
    const counter = await cluster.watchReadyPods(namespace, SELECTOR);
    await seconds(1);
    await counter.stop();
    expect([counter.minimum, counter.maximum]).toEqual([count, count]);
  }
});

describe('the end of a pod', () => {
  testOnFakeNodes.each([
    ['at once without a hook', {}, undefined, {}, 0, 1.5],
    ['after an exec sleep', { lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } } }, undefined, {}, 3, 4.5],
    ['after a shell\'s sleep', { lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', 'sleep 2'] } } } }, undefined, {}, 2, 3.5],
    ['after hook and shutdown', { lifecycle: { preStop: { exec: { command: ['sleep', '2'] } } } }, undefined, { [ANNOTATIONS.shutdownTime]: '2' }, 4, 5.5],
    ['not after its grace period', { lifecycle: { preStop: { exec: { command: ['sleep', '20'] } } } }, 3, {}, 3, 4.5],
  ])('comes %s', async (_, container, grace, annotations, least, most) => {
    const [pod] = await deploy({ replicas: 1, container, annotations, pod: { terminationGracePeriodSeconds: grace } });
    const taken = await secondsToStop(pod);
    expect(taken).toBeGreaterThanOrEqual(least);
    expect(taken).toBeLessThan(most);
  });

  testOnFakeNodes('comes after a native sleep, where Kubernetes has one', async () => {
    if (requestedVersion().localeCompare('1.30', 'en', { numeric: true }) < 0) {
      return;
    }
    const [pod] = await deploy({ replicas: 1, container: { lifecycle: { preStop: { sleep: { seconds: 3 } } } } });
    const taken = await secondsToStop(pod);
    expect(taken).toBeGreaterThanOrEqual(3);
    expect(taken).toBeLessThan(4.5);
  });

  testOnFakeNodes('no longer counts a pod as serving as soon as it is deleted', async () => {
    const [pod] = await deploy({ replicas: 1, container: { lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } } } });
    const counter = await cluster.watchReadyPods(namespace, SELECTOR);
    await secondsToStop(pod);
    await ready(1);
    await counter.stop();
    expect(counter.minimum).toBe(0);
    expect(counter.millisecondsBelow(1)).toBeGreaterThan(3000);
  });
});

describe('a disruption budget', () => {
  beforeEach(async () => {
    await cluster.apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
    }, { namespace });
  });

  test('lets one pod go, and holds the next', async () => {
    const pods = await deploy();
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', name: 'web', namespace };
    await cluster.waitFor(async () => (await cluster.get(budget)).status?.disruptionsAllowed === 1, 30, 'the budget to allow one');
    expect(await cluster.evict(namespace, pods[0].metadata.name)).toMatchObject({ evicted: true, status: 201 });
    expect(await cluster.evict(namespace, pods[1].metadata.name)).toMatchObject({ evicted: false, status: 429 });
    expect((await cluster.evict(namespace, pods[1].metadata.name)).message).toContain('disruption budget');
  });

  testOnFakeNodes('makes a drain wait, pod by pod', async () => {
    await deploy({ replicas: 2, pod: { nodeSelector: { 'topology.kubernetes.io/zone': 'zone-a' } } });
    const names = await cluster.nodes.inZone('zone-a');
    const counter = await cluster.watchReadyPods(namespace, SELECTOR);
    try {
      for (const name of names) {
        await cluster.nodes.drain(name, 60);
        await ready(2);
        await cluster.nodes.uncordon(name);
      }
    } finally {
      await Promise.all(names.map(async (name) => cluster.nodes.uncordon(name)));
    }
    await counter.stop();
    expect(counter.minimum).toBe(1);
  });

  testOnFakeNodes('ends a drain in an error, when it never allows one', async () => {
    const ref = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', name: 'web', namespace };
    await cluster.patch(ref, { spec: { maxUnavailable: 0 } });
    const [pod] = await deploy({ replicas: 1 });
    const node = pod.spec.nodeName as string;
    await expect(cluster.nodes.drain(node, 7)).rejects.toThrow(/disruption budget|timed out|global timeout/);
    await cluster.nodes.uncordon(node);
  });
});

function restarts(pod: KubeObject): boolean {
  return pod.status.containerStatuses?.[0].restartCount > 0;
}
