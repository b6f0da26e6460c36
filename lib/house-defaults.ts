import { ImagePullPolicy, ContainerResources } from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';
import { KubernetesVersion } from './kubernetes-version';
import { LoadBalancing } from './traffic/load-balancing';
import { NetworkAccess } from './traffic/network-access';
import { DisruptionBudget } from './workload/disruption-budget';
import { GracefulShutdown } from './workload/graceful-shutdown';
import { Rollout } from './workload/rollout';
import { SchedulingOptions } from './workload/scheduling';
import { SecurityOptions } from './workload/security';
import { Spread } from './workload/spread';

/**
 * What a service decides for itself, or leaves to its house.
 */
export interface HighAvailabilityDefaultsProps {
  /**
   * The version of the cluster that the manifests are for. It decides which fields may be used.
   *
   * @default - 1.30: the first whose kubelet can delay SIGTERM without help from the image. An older API server refuses the manifest rather than
   * drop the delay
   */
  readonly kubernetesVersion?: KubernetesVersion;

  /**
   * How many pods there are at least. Three stand in three zones, and two remain while one is drained or replaced.
   *
   * @default 3
   */
  readonly minReplicas?: number;

  /**
   * How many pods there are at most.
   *
   * @default - three times `minReplicas`
   */
  readonly maxReplicas?: number;

  /**
   * A fixed number of pods, and no autoscaler. Excludes `minReplicas`, `maxReplicas` and `scalingMetrics`.
   *
   * @default - an autoscaler moves the number between `minReplicas` and `maxReplicas`
   */
  readonly replicas?: number;

  /**
   * When the image is pulled.
   *
   * @default - IF_NOT_PRESENT, so that a restart does not depend on the registry; ALWAYS for an image without a fixed tag
   */
  readonly imagePullPolicy?: ImagePullPolicy;

  /**
   * Names of the Secrets with which the image is pulled.
   *
   * @default - none
   */
  readonly imagePullSecrets?: string[];

  /**
   * What one pod needs. Each resource that is given replaces its default, request and limit together.
   *
   * @default - CPU 250m, up to 1; memory 512Mi, no more (so that no neighbour's peak gets the pod killed); ephemeral storage 128Mi, up to 2Gi
   * @see https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
   */
  readonly resources?: ContainerResources;

  /**
   * How a new version replaces the old one.
   *
   * @default - Rollout.rolling(): a quarter more pods at once, none less, each ready for 10 s before the next
   */
  readonly rollout?: Rollout;

  /**
   * How a pod leaves without losing a request.
   *
   * @default - GracefulShutdown.sleep(): it serves on for 15 s, then has 30 s to finish
   */
  readonly shutdown?: GracefulShutdown;

  /**
   * How the pods are kept apart.
   *
   * @default - Spread.preferred(): evenly over zones, and apart on their nodes; a pod that cannot be placed so runs nevertheless
   */
  readonly spread?: Spread;

  /**
   * On which nodes the pods may run, and how fast they leave a node that fails.
   *
   * @default - any node; 25 s after a node was found to have failed
   */
  readonly scheduling?: SchedulingOptions;

  /**
   * How many pods drains may take away at the same time.
   *
   * @default - DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1))
   */
  readonly disruptionBudget?: DisruptionBudget;

  /**
   * From where the service can be reached, and how the load is balanced.
   *
   * @default - LoadBalancing.cluster(): from inside the cluster, on port 80
   */
  readonly loadBalancing?: LoadBalancing;

  /**
   * With whom the pods may speak.
   *
   * @default - NetworkAccess.open(): anyone may connect to the declared ports; the pods may connect to anyone
   */
  readonly networkAccess?: NetworkAccess;

  /**
   * What the pods may do beyond the Pod Security Standard "restricted".
   *
   * @default - nothing; they run as user 65532
   */
  readonly security?: SecurityOptions;

  /**
   * Labels of all objects and of the pods. They add to those of the house.
   *
   * @default - the recommended ones: name, instance, version, managed-by
   * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
   */
  readonly labels?: Record<string, string>;

  /**
   * Annotations of all objects, but not of the pods. They add to those of the house.
   *
   * @default - none
   */
  readonly annotations?: Record<string, string>;

  /**
   * Annotations of the pods. They add to those of the house.
   *
   * @default - those that let the cluster autoscaler move the pods
   */
  readonly podAnnotations?: Record<string, string>;

  /**
   * Why a rule may be broken here: a reason for each rule id. They add to those of the house, and are written onto the Deployment.
   *
   * @default - no rule may be broken
   */
  readonly acknowledgements?: Record<string, string>;
}

/** What adds up over scopes instead of being replaced. */
const MAPS = ['labels', 'annotations', 'podAnnotations', 'acknowledgements'] as const;

const declared = new WeakMap<IConstruct, HighAvailabilityDefaultsProps>();
/** Scopes that a service has already read its defaults from. */
const read = new WeakSet<IConstruct>();

/**
 * What all services below a scope have in common: an App's for the house, a Chart's for an environment. The nearest scope wins, and a service's own props win
 * over all.
 */
export class HighAvailabilityDefaults {
  /**
   * The defaults of all services below this scope.
   */
  public static of(scope: IConstruct): HighAvailabilityDefaults {
    return new HighAvailabilityDefaults(scope);
  }

  /**
   * What a service's own props become with the defaults around it.
   *
   * @internal
   */
  public static _complete<T extends HighAvailabilityDefaultsProps>(scope: IConstruct, props: T): T {
    const around = scope.node.scopes;
    around.forEach(s => read.add(s));
    const outer = around.reduce<HighAvailabilityDefaultsProps>((defaults, s) => merge(defaults, declared.get(s) ?? {}), {});
    return merge(outer, props);
  }

  private constructor(private readonly scope: IConstruct) {
  }

  /**
   * Sets defaults, beside those that were set for this scope before.
   *
   * @throws if a service below the scope exists already: it would not get them
   */
  public set(defaults: HighAvailabilityDefaultsProps): void {
    if (read.has(this.scope)) {
      throw new Error(`HighAvailabilityDefaults of '${this.scope.node.path || 'the app'}': a service below it exists already and would not get them; set defaults first`);
    }
    declared.set(this.scope, merge(declared.get(this.scope) ?? {}, defaults));
  }
}

function merge<T extends HighAvailabilityDefaultsProps>(outer: HighAvailabilityDefaultsProps, inner: T): T {
  const given = Object.fromEntries(Object.entries(inner).filter(([, value]) => value !== undefined && value !== null)) as unknown as T;
  const { replicas, minReplicas, maxReplicas, ...rest } = outer;
  // A fixed number excludes bounds and metrics: the nearer scope's kind decides.
  const fixes = given.replicas !== undefined;
  const bounds = given.minReplicas !== undefined || given.maxReplicas !== undefined || 'scalingMetrics' in given;
  const maps = Object.fromEntries(MAPS.filter(key => outer[key] || given[key]).map(key => [key, { ...outer[key], ...given[key] }]));
  return { ...rest, ...(!bounds && { replicas }), ...(!fixes && { minReplicas, maxReplicas }), ...given, ...maps };
}
