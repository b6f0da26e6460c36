import { Duration } from 'cdk8s';
import { k8s, NodeTaintQuery } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';
import { checkLabels, isSubdomain } from '../private/names';

/**
 * On which nodes the pods may run, and how fast they leave a node that fails.
 */
export interface SchedulingOptions {
  /**
   * How long a pod stays bound to a node that has stopped answering. Its replacement starts after that, so this is most of the time for which a lost
   * zone stays lost. Kubernetes' own default is 300 s. Much less makes a short network fault move every pod.
   *
   * @default - 25 s: with the 40 to 55 s in which Kubernetes notices the loss, and the 10 s for each further node of a zone, the pods of a zone of two nodes
   * are back within 90 s and the time that they need to start
   * @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
   */
  readonly nodeFailureToleration?: Duration;

  /**
   * Taints that the pods put up with. `web.deployment.scheduling.tolerate()` adds more.
   *
   * @default - none
   */
  readonly tolerations?: NodeTaintQuery[];

  /**
   * Labels that a node must have.
   *
   * @default - any node
   */
  readonly nodeSelector?: Record<string, string>;

  /**
   * Further rules about nodes and other pods, in Kubernetes' own words. `web.deployment.scheduling` adds more.
   *
   * @default - none
   */
  readonly affinity?: k8s.Affinity;

  /**
   * The name of a PriorityClass that exists in the cluster: what a full cluster evicts last.
   *
   * @default - none: a class that does not exist keeps every pod from being created
   */
  readonly priorityClassName?: string;

  /**
   * The scheduler that places the pods.
   *
   * @default - the cluster's default scheduler
   */
  readonly schedulerName?: string;
}

/** The part of a pod's spec that says where it runs. */
export type SchedulingSpec = Pick<k8s.PodSpec, 'affinity' | 'nodeSelector' | 'priorityClassName' | 'schedulerName' | 'tolerations'>;

/** The taints of a node that does not answer, and Kubernetes' own patience with them. */
const FAILURE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const KUBERNETES_TOLERATION_SECONDS = 300;

/** Checks the options and says them in Kubernetes' words. */
export function bindScheduling(inspection: Inspection, options: SchedulingOptions): SchedulingSpec {
  const { nodeFailureToleration = Duration.seconds(25), tolerations = [], nodeSelector, affinity, priorityClassName, schedulerName } = options;
  const tolerationSeconds = inspection.seconds('scheduling.nodeFailureToleration', nodeFailureToleration, 1);
  if (tolerationSeconds >= KUBERNETES_TOLERATION_SECONDS) {
    inspection.finding('HA-C11', {
      message: `scheduling.nodeFailureToleration: pods of a lost node are replaced ${tolerationSeconds} s after the loss was noticed, and noticing takes 40 to 50 s`,
      remedy: 'give 30 to 60 s',
    });
  }
  checkLabels(inspection, 'scheduling.nodeSelector', nodeSelector ?? {});
  for (const [prop, name] of Object.entries({ priorityClassName, schedulerName })) {
    if (name !== undefined && !isSubdomain(name)) {
      inspection.fault(`scheduling.${prop}`, name, 'is no object name', "use lower case letters, digits, '-' and '.'");
    }
  }
  return {
    affinity,
    nodeSelector,
    priorityClassName,
    schedulerName,
    tolerations: [
      ...FAILURE_TAINTS.map(key => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds })),
      ...tolerations.map(taint => taint._toKube()),
    ],
  };
}

/** Joins the affinity of the props with what was asked for later through cdk8s-plus, so that both hold. */
export function mergeAffinity(a: k8s.Affinity | undefined, b: k8s.Affinity | undefined): k8s.Affinity | undefined {
  return merged(a, b, (x, y) => ({
    nodeAffinity: merged(x.nodeAffinity, y.nodeAffinity, mergeNodeAffinity),
    podAffinity: merged(x.podAffinity, y.podAffinity, (p, q) => mergeTerms(p, q, concat)),
    podAntiAffinity: merged(x.podAntiAffinity, y.podAntiAffinity, (p, q) => mergeTerms(p, q, concat)),
  }));
}

function mergeNodeAffinity(a: k8s.NodeAffinity, b: k8s.NodeAffinity): k8s.NodeAffinity {
  // One of the terms is enough for a node, so that both sides hold only if every term of one is joined with every term of the other.
  return mergeTerms(a, b, (x, y) => ({ nodeSelectorTerms: x.nodeSelectorTerms.flatMap(p => y.nodeSelectorTerms.map(q => mergeNodeTerms(p, q))) }));
}

function mergeNodeTerms(a: k8s.NodeSelectorTerm, b: k8s.NodeSelectorTerm): k8s.NodeSelectorTerm {
  return {
    matchExpressions: merged(a.matchExpressions, b.matchExpressions, concat),
    matchFields: merged(a.matchFields, b.matchFields, concat),
  };
}

interface Terms<P, R> {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: P[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: R;
}

function mergeTerms<P, R>(a: Terms<P, R>, b: Terms<P, R>, join: (x: R, y: R) => R): Terms<P, R> {
  return {
    preferredDuringSchedulingIgnoredDuringExecution: merged(
      a.preferredDuringSchedulingIgnoredDuringExecution, b.preferredDuringSchedulingIgnoredDuringExecution, concat),
    requiredDuringSchedulingIgnoredDuringExecution: merged(
      a.requiredDuringSchedulingIgnoredDuringExecution, b.requiredDuringSchedulingIgnoredDuringExecution, join),
  };
}

function merged<T>(a: T | undefined, b: T | undefined, merge: (x: T, y: T) => T): T | undefined {
  return a !== undefined && b !== undefined ? merge(a, b) : a ?? b;
}

function concat<T>(a: T[], b: T[]): T[] {
  return [...a, ...b];
}
