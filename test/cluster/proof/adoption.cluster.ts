/**
 * How a live workload is taken over: with kubectl, as the documentation says.
 */
import { execFile } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Yaml } from 'cdk8s';
import { KubeObject } from '../api';
import { ADDRESS_VARIABLE, Cluster } from '../cluster';
import { ControlPlaneAddress } from '../control-plane';
import { IMAGE, manifestsOf } from './manifests';
import { measured } from './measured';
import { remove } from './standing';
import { seconds, SELECTOR, sideBySide } from './trial';

/** How many pods are live. */
const LIVE = 5;

/** What runs before: a Deployment as people write it, and its Service. */
function liveManifests(labels: Record<string, string>): KubeObject[] {
  const container = { name: 'app', image: IMAGE, args: ['netexec', '--http-port=8080'], ports: [{ containerPort: 8080 }] };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels },
      spec: { replicas: LIVE, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
  ];
}

const SAME_SELECTOR = { 'app.kubernetes.io/name': 'web' };

let cluster: Cluster;
const folder = mkdtempSync(join(tmpdir(), 'adoption-'));

beforeAll(async () => { cluster = await Cluster.connect(); });
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cluster?.close();
});

/** A live workload, and what is done to it. */
class Live {
  static async begin(apply: string[], labels: Record<string, string> = SAME_SELECTOR): Promise<Live> {
    const live = new Live(await cluster.namespace());
    await live.kubectl(...apply, live.file('before', liveManifests(labels)));
    await live.pods(LIVE);
    return live;
  }

  private constructor(readonly namespace: string) {}

  async kubectl(...args: string[]): Promise<string> {
    return cluster.kubectl(...args, `--namespace=${this.namespace}`);
  }

  file(name: string, manifests: KubeObject[]): string {
    const path = join(folder, `${this.namespace}-${name}.yaml`);
    writeFileSync(path, Yaml.stringify(...manifests));
    return `--filename=${path}`;
  }

  /** Waits until so many pods serve, and no other is left. */
  async pods(count: number): Promise<void> {
    await cluster.waitFor(async () => (await this.endpoints()).length === count, 120, `${count} endpoints in ${this.namespace}`);
  }

  /** The addresses that the Service passes traffic to. */
  async endpoints(): Promise<string[]> {
    const slices = await cluster.list({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: this.namespace }, { labelSelector: 'kubernetes.io/service-name=web' });
    const endpoints = slices.flatMap(slice => (slice.endpoints ?? []) as Array<{ addresses: string[]; conditions: { ready: boolean } }>);
    return endpoints.filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses);
  }

  /** Does what takes the workload over, and waits for the end of the rollout. @returns the fewest pods that served meanwhile */
  async fewest(takeOver: () => Promise<void>): Promise<number> {
    const counter = await cluster.watchReadyPods(this.namespace, SELECTOR);
    await takeOver();
    await this.kubectl('rollout', 'status', 'deployment/web', '--timeout=240s');
    // The autoscaler may not have looked yet: it does every 15 s.
    await seconds(16);
    await counter.stop();
    return counter.minimum;
  }

  /** The library's manifests for it. */
  ours(): string {
    return this.file('ours', manifestsOf(cluster));
  }
}

const CLIENT_SIDE = ['apply'];
const SERVER_SIDE = ['apply', '--server-side'];

/** `kubectl apply edit-last-applied deployment/web   # delete the line "replicas: ...", save`: by an editor that needs nobody. */
async function forgetReplicas({ namespace }: Live): Promise<void> {
  const started = process.env[ADDRESS_VARIABLE];
  const { controlPlane, kubeconfig } = JSON.parse(started ?? '{}') as Partial<ControlPlaneAddress>;
  const [command, ...before] = controlPlane ? [controlPlane, 'kubectl', `--kubeconfig=${kubeconfig}`] : ['kubectl'];
  const args = [...before, 'apply', 'edit-last-applied', 'deployment/web', `--namespace=${namespace}`];
  const env = { ...process.env, KUBE_EDITOR: 'sed -i "/^ *replicas:/d"' };
  await new Promise<void>((resolve, reject) => {
    execFile(command, args, { env, timeout: 60_000 }, error => error ? reject(error) : resolve());
  });
}

/** The present number gets an owner of its own. */
async function handOver(live: Live): Promise<void> {
  const replicas = Number(await live.kubectl('get', 'deployment', 'web', '--output=jsonpath={.spec.replicas}'));
  const handover = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas } };
  await live.kubectl('apply', '--server-side', '--field-manager=handover', live.file('handover', [handover]));
}

/** What was applied by kubectl itself is applied by the server once, since the first to do so inherits all of its fields, and that must not be the handover. */
async function moveToServerAndHandOver(live: Live): Promise<void> {
  await live.kubectl(...SERVER_SIDE, live.file('before', liveManifests(SAME_SELECTOR)));
  await handOver(live);
}

async function takenOver(name: string, before: string[], after: string[], recipe?: (live: Live) => Promise<void>): Promise<void> {
  const live = await Live.begin(before);
  try {
    const fewest = await live.fewest(async () => {
      await recipe?.(live);
      await live.kubectl(...after, live.ours());
    });
    measured(`adoption/${name}/fewest ready pods of ${LIVE}`, fewest, 'pods');
    if (!recipe) {
      expect(fewest).toBe(1);
      return;
    }
    expect(fewest).toBeGreaterThanOrEqual(LIVE);
    expect(await live.endpoints()).toHaveLength(LIVE);
    // What the autoscaler does later is not undone by the next apply.
    await cluster.scale({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: live.namespace }, LIVE + 2);
    await live.kubectl(...after, live.ours());
    expect(await live.kubectl('get', 'deployment', 'web', '--output=jsonpath={.spec.replicas}')).toBe(`${LIVE + 2}`);
  } finally {
    await remove(cluster, live.namespace);
  }
}

/** A live workload that selects otherwise. */
async function selectingOtherwise(act: (live: Live) => Promise<void>): Promise<void> {
  const live = await Live.begin(CLIENT_SIDE, { app: 'web' });
  try {
    await act(live);
  } finally {
    await remove(cluster, live.namespace);
  }
}

/** `kubectl set selector`, and what becomes of the endpoints. @returns how many there were, again and again */
async function endpointsAfterSelecting(live: Live, selector: string): Promise<number[]> {
  await live.kubectl('set', 'selector', 'service', 'web', selector);
  const counts: number[] = [];
  for (let look = 0; look < 20; look++) {
    counts.push((await live.endpoints()).length);
    await seconds(0.2);
  }
  return counts;
}

describe('a live workload of five pods', () => {
  sideBySide({
    'keeps them, if kubectl forgets `replicas` first': async () => takenOver('client side, last-applied edited', CLIENT_SIDE, CLIENT_SIDE, forgetReplicas),
    'keeps them, if the number is handed over first': async () => takenOver('server side, handed over', SERVER_SIDE, SERVER_SIDE, handOver),
    'keeps them, if it is moved to the server and the number is handed over first':
      async () => takenOver('client side to server side, handed over', CLIENT_SIDE, SERVER_SIDE, moveToServerAndHandOver),
    'meets a conflict, if the handover is the first that the server applies': async () => {
      const attempt = takenOver('client side to server side, without the move', CLIENT_SIDE, SERVER_SIDE, handOver);
      await expect(attempt).rejects.toThrow('conflicts with "handover"');
    },
    'is left with one for a while, if it is just applied': async () => takenOver('client side, just applied', CLIENT_SIDE, CLIENT_SIDE),
    'is left with one for a while, if it is just applied by the server': async () => takenOver('server side, just applied', SERVER_SIDE, SERVER_SIDE),
    'is refused by the server and goes on undisturbed, if it selects otherwise': async () => selectingOtherwise(async live => {
      const deployment = manifestsOf(cluster).filter(({ kind }) => kind === 'Deployment');
      await expect(live.kubectl('apply', live.file('same-name', deployment))).rejects.toThrow('field is immutable');
      expect(await cluster.pods(live.namespace, 'app=web')).toHaveLength(LIVE);
    }),
    'hands its Service over to a service of another name, if it selects otherwise': async () => selectingOtherwise(async live => {
      await live.kubectl('apply', live.file('other-name', manifestsOf(cluster, { name: 'web-ha' })));
      await cluster.waitFor(async () => (await cluster.pods(live.namespace, 'app.kubernetes.io/name=web-ha')).length === 3, 120, 'the new pods');
      await live.kubectl('rollout', 'status', 'deployment/web-ha', '--timeout=120s');
      const counts = await endpointsAfterSelecting(live, 'app.kubernetes.io/name=web-ha');
      expect(counts[counts.length - 1]).toBe(3);
      expect(Math.min(...counts)).toBeGreaterThan(0);
    }),
    'serves nobody, if the selector of its Service is patched, since a patch merges the old and the new': async () => selectingOtherwise(async live => {
      await live.kubectl('patch', 'service', 'web', '--patch', '{"spec":{"selector":{"app.kubernetes.io/name":"web-ha"}}}');
      await live.pods(0);
    }),
  });
});
