/**
 * What becomes of manifests in a cluster.
 */
import { KubeObject, ObjectRef, refOf } from '../api';
import { Cluster, PodSecurityLevel } from '../cluster';
import { dropped } from './kept';

/** How manifests fared. */
export interface Standing {
  /** What the server did not keep: a line for each field. */
  readonly dropped: string[];

  /** Why no pod was created; none if all pods run. */
  readonly refusal?: string;

  /** Seconds until all pods that are promised were ready. */
  readonly readyAfter: number;

  /** What changed when the same was applied once more: a line for each object. */
  readonly changedAgain: string[];

  /** What kept another field manager from applying the same: a line for each object. */
  readonly conflicts: string[];
}

const QUIET_ATTEMPTS = 20;

/** Applies manifests in a namespace of their own, waits for the pods, and applies them again. Nothing stays. */
export async function stand(cluster: Cluster, all: KubeObject[], podSecurity: PodSecurityLevel = 'restricted'): Promise<Standing> {
  // A namespace that the manifests name is tried, and played by one of the test's own, which nothing else uses.
  const named = all.filter(({ kind }) => kind === 'Namespace');
  const manifests = all.filter(({ kind }) => kind !== 'Namespace').map(({ metadata: { namespace: _, ...metadata }, ...rest }) => ({ ...rest, metadata }) as KubeObject);
  const namespace = await cluster.namespace({ podSecurity, labels: Object.assign({}, ...named.map(({ metadata }) => metadata.labels)) });
  try {
    const begin = Date.now();
    const kept = [...await cluster.apply(named, { dryRun: true }), ...await cluster.apply(manifests, { namespace })];
    const lost = [...named, ...manifests].flatMap((manifest, index) => dropped(manifest, kept[index]));
    const refusal = await settled(cluster, manifests, namespace);
    const readyAfter = (Date.now() - begin) / 1000;
    const changedAgain = await changedByApplying(cluster, manifests, namespace);
    return { dropped: lost, refusal, readyAfter, changedAgain, conflicts: await conflicts(cluster, manifests, namespace) };
  } finally {
    await remove(cluster, namespace);
  }
}

async function conflicts(cluster: Cluster, manifests: KubeObject[], namespace: string): Promise<string[]> {
  const outcomes = await Promise.allSettled(manifests.map(async manifest => cluster.apply(manifest, { namespace, fieldManager: 'other' })));
  return outcomes.flatMap(outcome => outcome.status === 'rejected' ? [String(outcome.reason)] : []);
}

/** Waits until the pods run. @returns why there are none, if they are refused */
async function settled(cluster: Cluster, manifests: KubeObject[], namespace: string): Promise<string | undefined> {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment')!;
  const promised: number = manifests.find(({ kind }) => kind === 'HorizontalPodAutoscaler')?.spec.minReplicas ?? deployment.spec.replicas;
  const { refusal } = await cluster.waitFor(async () => {
    await new Promise(resolve => setTimeout(resolve, 200));
    const message = (await cluster.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace }))
      .flatMap(({ status }) => (status?.conditions ?? []) as Array<{ type: string; message: string }>)
      .find(({ type }) => type === 'ReplicaFailure')?.message;
    if (message) {
      return { refusal: message };
    }
    // In another cluster the image may do something else than the props say: there it is enough that the pods are let in.
    const { status } = await cluster.get({ ...refOf(deployment), namespace });
    return (cluster.supportsNodes ? status?.readyReplicas : status?.replicas) === promised && { refusal: undefined };
  }, 240, `${promised} pods in ${namespace}`);
  return refusal;
}

/** Applies the same once more. @returns a line for each object that changed */
export async function changedByApplying(cluster: Cluster, manifests: KubeObject[], namespace: string, fieldManager?: string): Promise<string[]> {
  const refs = manifests.map(manifest => ({ ...refOf(manifest), namespace }));
  const changes = await Promise.all(manifests.map(async (manifest, index) => changeByApplying(cluster, manifest, refs[index], fieldManager)));
  return changes.filter((change): change is string => change !== undefined);
}

async function changeByApplying(cluster: Cluster, manifest: KubeObject, ref: ObjectRef, fieldManager?: string): Promise<string | undefined> {
  for (let attempt = 1; attempt <= QUIET_ATTEMPTS; attempt++) {
    const before = await cluster.get(ref);
    const [after] = await cluster.apply(manifest, { namespace: ref.namespace, fieldManager });
    if (before.metadata.resourceVersion === after.metadata.resourceVersion) {
      return undefined;
    }
    if (content(before) !== content(after)) {
      return `${manifest.kind} ${ref.name}: ${content(before)} became ${content(after)}`;
    }
    // A controller may have written the status between the two: look again.
    await new Promise(resolve => setTimeout(resolve, 300));
  }
  return `${manifest.kind} ${ref.name}: written by each of ${QUIET_ATTEMPTS} applies`;
}

/** All that is not written by controllers as they go. */
function content({ status, metadata, ...rest }: KubeObject): string {
  const { resourceVersion, managedFields, annotations, ...stable } = metadata;
  const { 'deployment.kubernetes.io/revision': revision, ...given } = annotations ?? {};
  return JSON.stringify({ ...rest, ...stable, given });
}

/** Removes a namespace, and its pods without waiting for their grace. */
export async function remove(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  await cluster.waitFor(async () => {
    await cluster.api.raw('DELETE', `/api/v1/namespaces/${namespace}/pods?gracePeriodSeconds=0`);
    return (await cluster.pods(namespace)).length === 0;
  }, 120, `the pods of ${namespace} to be removed`);
}

/** So many at the same time. */
export function atMost<A, R>(count: number, action: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  let running = 0;
  const waiting: Array<() => void> = [];
  return async argument => {
    if (running === count) {
      await new Promise<void>(resolve => waiting.push(resolve));
    } else {
      running++;
    }
    try {
      return await action(argument);
    } finally {
      const next = waiting.shift();
      next ? next() : running--;
    }
  };
}
