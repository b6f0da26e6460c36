/**
 * What the tests use: a cluster, either the control plane of this test bed or, when
 * KUBECONFIG is set, any other.
 */
import { randomBytes } from 'crypto';
import { existsSync } from 'fs';
import { join } from 'path';
import { ApiClient, ApiError, KubeObject, ObjectRef, Query, refOf } from './api';
import { ControlPlaneAddress } from './control-plane';
import { Kubectl, kubectlOf, userKubectl } from './kubectl';
import { Nodes } from './nodes';
import { POD_METRICS, POD_METRICS_DEFINITION, podMetrics, PodUsage } from './pod-metrics';
import { ProcessGroup } from './processes';
import { ReadyPods } from './ready-pods';
import { until } from './until';

/** Set by the global set-up, for the processes that run the tests. */
export const ADDRESS_VARIABLE = 'CLUSTER_TEST_CONTROL_PLANE';

export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

export interface ApplyOptions {
  /** For objects that name none. */
  readonly namespace?: string;
  /** Everything but the storing. @default false */
  readonly dryRun?: boolean;
  /** @default 'cluster-test' */
  readonly fieldManager?: string;
  /** Take fields over from other managers. @default false */
  readonly force?: boolean;
}

/** How an eviction was answered. */
export interface Eviction {
  readonly evicted: boolean;
  /** 201, or 429 when a disruption budget forbids it. */
  readonly status: number;
  readonly message: string;
}

export class Cluster {
  /**
   * Connects to a control plane.
   *
   * @param address of one that the test started itself; else KUBECONFIG's, or the one of the global set-up
   */
  static async connect(address?: ControlPlaneAddress): Promise<Cluster> {
    if (address) {
      return Cluster.own(address);
    }
    if (process.env.KUBECONFIG) {
      return Cluster.users(process.env.KUBECONFIG);
    }
    const started = process.env[ADDRESS_VARIABLE];
    if (!started) {
      throw new Error('No control plane: run the tests with `npx jest -c test/cluster/jest.config.js`, or set KUBECONFIG');
    }
    return Cluster.own(JSON.parse(started) as ControlPlaneAddress);
  }

  private static own(address: ControlPlaneAddress): Cluster {
    const api = new ApiClient(address);
    const kubectl = kubectlOf(address.controlPlane, address.kubeconfig);
    return new Cluster(api, address.version, kubectl, new Nodes(api, address.version, kubectl));
  }

  /** Through `kubectl proxy`, which knows every way to authenticate; on a socket that only this user can open. */
  private static async users(kubeconfig: string): Promise<Cluster> {
    if (!existsSync(kubeconfig.split(':')[0])) {
      throw new Error(`KUBECONFIG names a file that is not there: ${kubeconfig}`);
    }
    const group = new ProcessGroup();
    try {
      const socketPath = join(group.folder, 'api.sock');
      const environment = Object.fromEntries(Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined));
      const proxy = group.start('kubectl', 'kubectl', ['proxy', `--unix-socket=${socketPath}`], environment);
      const api = new ApiClient({ socketPath });
      await group.ready(proxy, 30_000, async () => (await api.raw('GET', '/version')).status === 200);
      const { gitVersion } = await api.call<{ gitVersion: string }>('GET', '/version');
      return new Cluster(api, gitVersion.replace(/^v/, ''), userKubectl, undefined, group);
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  private readonly namespaces: string[] = [];

  private constructor(
    readonly api: ApiClient,
    /** Such as '1.34.4'. */
    readonly version: string,
    readonly kubectl: Kubectl,
    private readonly fakeNodes?: Nodes,
    private readonly group?: ProcessGroup,
  ) {}

  /** Whether nodes, zones and metrics are the test's to play with. */
  get supportsNodes(): boolean {
    return this.fakeNodes !== undefined;
  }

  /** The nodes. @throws in a cluster that is not the test bed's own */
  get nodes(): Nodes {
    if (!this.fakeNodes) {
      throw new Error('The nodes of a cluster given by KUBECONFIG are left alone: ask supportsNodes first');
    }
    return this.fakeNodes;
  }

  /** Makes a namespace of a new name. It is removed by `close()`. */
  async namespace(options: { podSecurity?: PodSecurityLevel; labels?: Record<string, string> } = {}): Promise<string> {
    const name = `cluster-test-${randomBytes(4).toString('hex')}`;
    const labels = { ...(options.podSecurity && { 'pod-security.kubernetes.io/enforce': options.podSecurity }), ...options.labels };
    await this.api.call('POST', '/api/v1/namespaces', { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } } });
    this.namespaces.push(name);
    // A pod is refused until its service account is there.
    await until(async () => this.find({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: name, name: 'default' }), {
      timeout: 30, description: `the default service account of ${name}`,
    });
    return name;
  }

  /**
   * Server-side apply with strict validation, one object after the other.
   *
   * @returns the objects as the server has them now
   * @throws ApiError when the server refuses one
   */
  async apply(manifests: object | object[], options: ApplyOptions = {}): Promise<KubeObject[]> {
    const applied: KubeObject[] = [];
    for (const manifest of [manifests].flat() as KubeObject[]) {
      applied.push(await this.applyOne(manifest, options));
    }
    return applied;
  }

  /** Reads an object. @throws ApiError (404) when there is none */
  async get(ref: ObjectRef): Promise<KubeObject> {
    return this.api.call('GET', await this.api.path(ref));
  }

  /** Reads an object, if there is one. */
  async find(ref: ObjectRef): Promise<KubeObject | undefined> {
    return this.get(ref).catch((error) => {
      if (error instanceof ApiError && error.status === 404) {
        return undefined;
      }
      throw error;
    });
  }

  /** Reads the objects of a kind. */
  async list(kind: Omit<ObjectRef, 'name'>, query: { labelSelector?: string; fieldSelector?: string } = {}): Promise<KubeObject[]> {
    const { items } = await this.api.call<{ items: KubeObject[] }>('GET', await this.api.path(kind), { query });
    // In a list the API leaves out of the objects what they have in common.
    return items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind }));
  }

  /** Reads pods. */
  async pods(namespace: string, labelSelector?: string): Promise<KubeObject[]> {
    return this.list({ apiVersion: 'v1', kind: 'Pod', namespace }, { labelSelector });
  }

  /** Merges a patch into an object; `null` takes a field away. */
  async patch(ref: ObjectRef, body: object): Promise<KubeObject> {
    return this.api.call('PATCH', await this.api.path(ref), { body, query: { fieldValidation: 'Strict' }, contentType: 'application/merge-patch+json' });
  }

  /** Deletes an object and what it owns; none is as good. */
  async delete(ref: ObjectRef): Promise<void> {
    const answer = await this.api.raw('DELETE', `${await this.api.path(ref)}?propagationPolicy=Background`);
    if (answer.status >= 300 && answer.status !== 404) {
      throw new ApiError(answer.status, 'NotDeleted', answer.body);
    }
  }

  /** Waits until the predicate gives something else than false or undefined. */
  async waitFor<T>(predicate: () => Promise<T | false | undefined>, timeout: number, description: string): Promise<T> {
    return until(predicate, { timeout, description });
  }

  /** Counts the pods that are ready and not terminating, from now on. */
  async watchReadyPods(namespace: string, labelSelector: string): Promise<ReadyPods> {
    return ReadyPods.watch(this.api, `/api/v1/namespaces/${namespace}/pods`, labelSelector);
  }

  /** Asks for the eviction of a pod, once. A disruption budget's refusal is an answer, no error. */
  async evict(namespace: string, name: string): Promise<Eviction> {
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
    const { status, body: answer } = await this.api.raw('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body);
    const message = (JSON.parse(answer) as { message?: string }).message ?? '';
    if (status >= 300 && status !== 429) {
      throw new ApiError(status, 'NotEvicted', message);
    }
    return { evicted: status < 300, status, message };
  }

  /** Sets the replicas of a workload through its scale. */
  async scale(ref: ObjectRef, replicas: number): Promise<void> {
    const path = `${await this.api.path(ref)}/scale`;
    await this.api.call('PATCH', path, { body: { spec: { replicas } }, contentType: 'application/merge-patch+json' });
  }

  /**
   * Says what the pods use, each of them alike; pods that come later have no metrics yet.
   *
   * @returns the number of pods
   * @throws in a cluster that is not the test bed's own, which has metrics of its own
   */
  async writePodMetrics(namespace: string, labelSelector: string, usage: PodUsage): Promise<number> {
    if (!this.supportsNodes) {
      throw new Error('The metrics of a cluster given by KUBECONFIG are left alone: ask supportsNodes first');
    }
    await this.applyOne(POD_METRICS_DEFINITION, { force: true });
    const pods = (await this.pods(namespace, labelSelector)).filter((pod) => pod.status.phase === 'Running');
    await this.apply(pods.map((pod) => podMetrics(pod, usage)), { force: true });
    const stale = (await this.list({ ...POD_METRICS, namespace }, { labelSelector }))
      .filter((metrics) => !pods.some((pod) => pod.metadata.name === metrics.metadata.name));
    await Promise.all(stale.map(async (metrics) => this.delete(refOf(metrics))));
    return pods.length;
  }

  /** Removes the namespaces, and waits until they are gone from a cluster that lives on. */
  async close(): Promise<void> {
    const refs = this.namespaces.splice(0).map((name) => ({ apiVersion: 'v1', kind: 'Namespace', name }));
    try {
      await Promise.all(refs.map(async (ref) => this.delete(ref)));
      if (!this.supportsNodes) {
        const gone = async () => (await Promise.all(refs.map(async (ref) => this.find(ref)))).every((found) => !found);
        await until(gone, { timeout: 300, description: `the namespaces ${refs.map((ref) => ref.name).join(', ')} to be removed` });
      }
    } finally {
      this.api.close();
      await this.group?.stop();
    }
  }

  private async applyOne(manifest: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { apiVersion, kind } = manifest;
    const namespaced = await this.api.namespaced({ apiVersion, kind });
    if (!namespaced && !this.supportsNodes && !options.dryRun) {
      throw new Error(`${kind} '${manifest.metadata.name}' belongs to no namespace, and would be left behind in the cluster of KUBECONFIG`);
    }
    const namespace = namespaced ? manifest.metadata.namespace ?? options.namespace : undefined;
    if (namespaced && !namespace) {
      throw new Error(`${kind} '${manifest.metadata.name}' names no namespace: give one in the options`);
    }
    const query: Query = {
      fieldManager: options.fieldManager ?? 'cluster-test',
      fieldValidation: 'Strict',
      force: String(options.force ?? false),
      dryRun: options.dryRun ? 'All' : undefined,
    };
    const body = namespace ? { ...manifest, metadata: { ...manifest.metadata, namespace } } : manifest;
    const ref = refOf(body);
    // JSON is YAML, and 1.28 knows server-side apply by this name only.
    const applied = await this.api.call('PATCH', await this.api.path(ref), { query, body, contentType: 'application/apply-patch+yaml' });
    if (kind === 'CustomResourceDefinition' && !options.dryRun) {
      await this.waitFor(async () => hasCondition(await this.get(ref), 'Established'), 30, `${manifest.metadata.name} to be served`);
    }
    return applied;
  }
}

/** Whether a condition of an object is true. */
export function hasCondition(object: KubeObject, type: string): boolean {
  const conditions = (object.status?.conditions ?? []) as Array<{ type: string; status: string }>;
  return conditions.some((condition) => condition.type === type && condition.status === 'True');
}
