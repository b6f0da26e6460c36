/**
 * What the proofs have in common: a service in a namespace of its own, and many of them side by side, since most of the time is waiting.
 */
import { HighAvailabilityService, HighAvailabilityServiceProps } from '../../../lib';
import { KubeObject, ObjectRef } from '../api';
import { Cluster } from '../cluster';
import { isReady } from '../nodes';
import { ReadyPods } from '../ready-pods';
import { manifestsOf } from './manifests';

/** `PROOF=all` tries every case; else the most telling ones are tried, in a few minutes. */
export const EVERYTHING = process.env.PROOF === 'all';

export const testEverything = EVERYTHING ? test : test.skip;

/** What needs nodes to play with is no matter of a cluster given by KUBECONFIG. */
export const describeOnFakeNodes = process.env.KUBECONFIG ? describe.skip : describe;

/** Selects the pods of a trial. */
export const SELECTOR = 'app.kubernetes.io/name=web';

export type Props = Partial<HighAvailabilityServiceProps>;
export type Change = (web: HighAvailabilityService) => void;

const ZONE_LABEL = 'topology.kubernetes.io/zone';

export async function seconds(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time * 1000));
}

/** Seconds since a moment. */
export function since(begin: number): number {
  return (Date.now() - begin) / 1000;
}

/** A service `web` in a namespace of its own. */
export class Trial {
  /** Applies the manifests, and waits until all pods are available. */
  static async begin(cluster: Cluster, props: Props = {}, change?: Change): Promise<Trial> {
    const trial = await Trial.apply(cluster, props, change);
    await trial.serving(trial.wanted);
    await trial.rolledOut();
    return trial;
  }

  /** Applies the manifests, and waits for nothing. */
  static async apply(cluster: Cluster, props: Props = {}, change?: Change): Promise<Trial> {
    const trial = new Trial(cluster, await cluster.namespace({ podSecurity: 'restricted' }), props, change);
    await trial.applyAgain();
    return trial;
  }

  private releases = 0;

  private constructor(readonly cluster: Cluster, readonly namespace: string, readonly props: Props, private readonly change?: Change) {}

  /** How many pods are promised. */
  get wanted(): number {
    return this.props.replicas ?? this.props.minReplicas ?? 3;
  }

  get deployment(): ObjectRef {
    return { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: this.namespace };
  }

  /** Applies the manifests with some props changed. */
  async applyAgain(changed: Props = {}): Promise<void> {
    const podAnnotations = { ...this.props.podAnnotations, ...changed.podAnnotations };
    await this.cluster.apply(manifestsOf(this.cluster, { ...this.props, ...changed, podAnnotations }, this.change), { namespace: this.namespace });
  }

  /** Applies a new version of the pods. */
  async startRelease(changed: Props = {}): Promise<void> {
    const podAnnotations = { 'cluster-test/release': `${++this.releases}`, ...changed.podAnnotations };
    await this.applyAgain({ ...changed, podAnnotations });
  }

  /** Applies a new version of the pods, and waits until it has replaced the old one. @returns seconds */
  async release(changed: Props = {}, timeout = 300): Promise<number> {
    const begin = Date.now();
    await this.startRelease(changed);
    await this.rolledOut(timeout);
    return since(begin);
  }

  /** Waits for the end of a rollout, as `kubectl rollout status` does. */
  async rolledOut(timeout = 300): Promise<void> {
    await this.wait(async () => {
      const { metadata, spec, status } = await this.cluster.get(this.deployment);
      const { observedGeneration, updatedReplicas, replicas, availableReplicas } = status ?? {};
      return observedGeneration >= metadata.generation! && [updatedReplicas, replicas, availableReplicas].every((count) => count === spec.replicas);
    }, timeout, 'the rollout to end');
  }

  /** Waits until so many pods serve. @returns the pods */
  async serving(count: number, timeout = 300): Promise<KubeObject[]> {
    return this.wait(async () => {
      const pods = await this.servingNow();
      return pods.length === count && pods;
    }, timeout, `${count} ready pods`);
  }

  /** The pods that are ready and not terminating. */
  async servingNow(): Promise<KubeObject[]> {
    return (await this.pods()).filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp);
  }

  async pods(): Promise<KubeObject[]> {
    return this.cluster.pods(this.namespace, SELECTOR);
  }

  async count(): Promise<ReadyPods> {
    return this.cluster.watchReadyPods(this.namespace, SELECTOR);
  }

  /** A condition of the Deployment. */
  async condition(type: string): Promise<{ status: string; reason: string } | undefined> {
    const { status } = await this.cluster.get(this.deployment);
    return (status?.conditions ?? []).find((condition: { type: string }) => condition.type === type);
  }

  /** How many pods serve in each zone that pods can be placed in, fewest first. */
  async zones(): Promise<number[]> {
    return this.perDomain(ZONE_LABEL);
  }

  /** How many pods serve on each node that pods can be placed on, fewest first. */
  async nodes(): Promise<number[]> {
    return this.perDomain('kubernetes.io/hostname');
  }

  /** Waits, with fewer looks than `waitFor` takes, since many trials wait at the same time. */
  async wait<T>(look: () => Promise<T | false | undefined>, timeout: number, description: string): Promise<T> {
    return this.cluster.waitFor(async () => {
      await seconds(0.2);
      return look();
    }, timeout, `${description} in ${this.namespace}`);
  }

  /** Removes all of it without waiting for any grace. */
  async remove(): Promise<void> {
    await this.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: this.namespace });
    // No pod can follow in a namespace that is to be removed.
    await this.wait(async () => {
      await this.cluster.api.raw('DELETE', `/api/v1/namespaces/${this.namespace}/pods?gracePeriodSeconds=0`);
      return (await this.cluster.pods(this.namespace)).length === 0;
    }, 60, 'the pods to be removed');
  }

  private async perDomain(label: string): Promise<number[]> {
    const nodes = (await this.cluster.list({ apiVersion: 'v1', kind: 'Node' })).filter(({ spec }) => !spec.unschedulable && !spec.taints?.length);
    const domains = new Map(nodes.map((node) => [node.metadata.name, node.metadata.labels![label]]));
    const counts = new Map([...domains.values()].map((domain) => [domain, 0]));
    for (const { spec } of await this.servingNow()) {
      const domain = domains.get(spec.nodeName)!;
      counts.set(domain, counts.get(domain)! + 1);
    }
    return [...counts.values()].sort((a, b) => a - b);
  }
}

/** By how many the fullest and the emptiest differ. */
export function skew(counts: number[]): number {
  return Math.max(...counts) - Math.min(...counts);
}

/**
 * Tries cases at the same time, and makes a test of each.
 *
 * @param attempts a name and a deed each; a case that fails fails in its own test
 */
export function sideBySide(attempts: Record<string, () => Promise<void>>, timeout = 900_000): void {
  const names = Object.keys(attempts);
  let outcomes: Array<PromiseSettledResult<void>> = [];

  beforeAll(async () => { outcomes = await Promise.allSettled(names.map(async (name) => attempts[name]())); }, timeout);

  test.each(names.map((name, index) => ({ name, index })))('$name', ({ index }) => {
    const outcome = outcomes[index];
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
  });
}
