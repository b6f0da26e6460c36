/**
 * The fake nodes of a test bed, their zones, and what can happen to them.
 */
import { ApiClient, KubeObject } from './api';
import { Kubectl } from './kubectl';
import { KUBELET_LABEL } from './stages';
import { until } from './until';

/** A set of equal nodes. */
export interface NodeShape {
  /** Values of `topology.kubernetes.io/zone`. */
  readonly zones: string[];
  readonly nodesPerZone: number;
  /** @default '4' */
  readonly cpu?: string;
  /** @default '16Gi' */
  readonly memory?: string;
  /** @default '110' */
  readonly pods?: string;
  /** @default '100Gi' */
  readonly ephemeralStorage?: string;
}

/** Six nodes in three zones. */
export const THREE_ZONES: NodeShape = { zones: ['zone-a', 'zone-b', 'zone-c'], nodesPerZone: 2 };

const ZONE_LABEL = 'topology.kubernetes.io/zone';
const READY_TIMEOUT = 60;

export class Nodes {
  constructor(private readonly api: ApiClient, private readonly version: string, private readonly kubectl: Kubectl) {}

  /** Makes `<zone>-1`, `<zone>-2` ... in each zone, and waits until they are ready. */
  async create(shape: NodeShape): Promise<void> {
    const names = shape.zones.flatMap((zone) => Array.from({ length: shape.nodesPerZone }, (_, index) => ({ zone, name: `${zone}-${index + 1}` })));
    await Promise.all(names.map(async ({ name, zone }, index) => this.api.call('POST', '/api/v1/nodes', { body: this.node(name, zone, index, shape) })));
    await this.waitForReady(names.map((node) => node.name));
  }

  /**
   * Exchanges all nodes for others. Pods on the old ones are removed by Kubernetes
   * only after a minute, so remove the workloads first.
   */
  async replace(shape: NodeShape): Promise<void> {
    const old = await this.list();
    await Promise.all(old.map(async (node) => this.api.call('DELETE', `/api/v1/nodes/${node.metadata.name}`)));
    // The leases go with their nodes; the next node of a name needs one of its own.
    await until(async () => (await this.leases()).length === 0, { timeout: READY_TIMEOUT, description: 'the leases of the old nodes to go' });
    await this.create(shape);
  }

  async list(): Promise<KubeObject[]> {
    return (await this.api.call<{ items: KubeObject[] }>('GET', '/api/v1/nodes')).items;
  }

  /** The names of the nodes in a zone. */
  async inZone(zone: string): Promise<string[]> {
    return (await this.list()).filter((node) => zoneOf(node) === zone).map((node) => node.metadata.name);
  }

  /** The zone of each node. */
  async zones(): Promise<Map<string, string>> {
    return new Map((await this.list()).map((node) => [node.metadata.name, zoneOf(node)]));
  }

  /** Lets the kubelets of a zone fall silent, as a power cut or a lost network would. */
  async silenceZone(zone: string): Promise<void> {
    await Promise.all((await this.inZone(zone)).map(async (name) => this.silence(name)));
  }

  /** Lets the kubelets of a zone speak again, and waits until the nodes are ready. */
  async restoreZone(zone: string): Promise<void> {
    const names = await this.inZone(zone);
    await Promise.all(names.map(async (name) => this.restore(name)));
    await this.waitForReady(names);
  }

  /** Lets one kubelet fall silent. */
  async silence(name: string): Promise<void> {
    await this.patch(name, { metadata: { labels: { [KUBELET_LABEL]: null } } });
  }

  /** Lets one kubelet speak again. */
  async restore(name: string): Promise<void> {
    await this.patch(name, { metadata: { labels: { [KUBELET_LABEL]: 'alive' } } });
  }

  /** Keeps new pods off a node. */
  async cordon(name: string): Promise<void> {
    await this.patch(name, { spec: { unschedulable: true } });
  }

  /** Lets new pods onto a node again. */
  async uncordon(name: string): Promise<void> {
    await this.patch(name, { spec: { unschedulable: null } });
  }

  /**
   * Drains a node as an administrator would, with kubectl: cordons it, evicts its
   * pods, tries again every 5 s what a disruption budget refuses, and waits until
   * the pods are gone.
   *
   * @param timeout in seconds
   * @throws when the timeout is over; the node stays cordoned
   */
  async drain(name: string, timeout = 120): Promise<void> {
    await this.kubectl('drain', name, '--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${timeout}s`);
  }

  /** Waits until nodes are ready and, unless they are cordoned, can be scheduled to. */
  async waitForReady(names: string[]): Promise<void> {
    const ready = async () => {
      const usable = (await this.list()).filter((node) => isReady(node) && !isTainted(node)).map((node) => node.metadata.name);
      return names.every((name) => usable.includes(name));
    };
    await until(ready, { timeout: READY_TIMEOUT, description: `nodes ${names.join(', ')} to be ready` });
  }

  private async patch(name: string, body: object): Promise<void> {
    await this.api.call('PATCH', `/api/v1/nodes/${name}`, { body, contentType: 'application/merge-patch+json' });
  }

  private async leases(): Promise<KubeObject[]> {
    return (await this.api.call<{ items: KubeObject[] }>('GET', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases')).items;
  }

  private node(name: string, zone: string, index: number, shape: NodeShape): object {
    const resources = {
      'cpu': shape.cpu ?? '4',
      'memory': shape.memory ?? '16Gi',
      'pods': shape.pods ?? '110',
      'ephemeral-storage': shape.ephemeralStorage ?? '100Gi',
    };
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'topology.kubernetes.io/region': 'region-1',
          [ZONE_LABEL]: zone,
          [KUBELET_LABEL]: 'alive',
        },
      },
      spec: { podCIDR: `10.244.${index}.0/24`, podCIDRs: [`10.244.${index}.0/24`] },
      status: {
        capacity: resources,
        allocatable: resources,
        addresses: [{ type: 'InternalIP', address: `10.0.0.${index + 1}` }, { type: 'Hostname', address: name }],
        nodeInfo: {
          kubeletVersion: `v${this.version}`,
          kubeProxyVersion: '',
          containerRuntimeVersion: 'kwok://none',
          operatingSystem: 'linux',
          architecture: 'amd64',
          osImage: 'none',
          kernelVersion: 'none',
          machineID: name,
          systemUUID: name,
          bootID: name,
        },
      },
    };
  }
}

/** Whether a node, or a pod, has the condition Ready. */
export function isReady(object: KubeObject): boolean {
  const conditions = (object.status?.conditions ?? []) as Array<{ type: string; status: string }>;
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

/** Kubernetes takes its taints away a little after a node is ready. */
function isTainted(node: KubeObject): boolean {
  const taints = (node.spec.taints ?? []) as Array<{ key: string }>;
  return taints.some((taint) => /^node\.kubernetes\.io\/(not-ready|unreachable)$/.test(taint.key));
}

function zoneOf(node: KubeObject): string {
  return node.metadata.labels?.[ZONE_LABEL] ?? '';
}
