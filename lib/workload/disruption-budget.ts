import { k8s, PercentOrAbsolute } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';
import { intOrString, podCount } from '../private/quantity';

/**
 * What else a disruption budget decides.
 */
export interface DisruptionBudgetOptions {
  /**
   * Whether pods that are not ready may be evicted even if the budget is used up. Without it, a service whose pods are sick blocks every drain, and with
   * it the repair of the node that may be the cause. Set it to false for pods that must first recover because they hold the last copy of something.
   *
   * @default true
   * @see https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy
   */
  readonly evictUnhealthyPods?: boolean;
}

/**
 * How many pods drains may take away at the same time.
 *
 * A budget limits evictions only: node upgrades, scale-in, `kubectl drain`. It neither limits rollouts nor helps when a node dies.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 */
export class DisruptionBudget {
  /**
   * So many pods may be gone at once. Percentages round up.
   */
  public static maxUnavailable(pods: PercentOrAbsolute, options: DisruptionBudgetOptions = {}): DisruptionBudget {
    return new DisruptionBudget('maxUnavailable', pods, options);
  }

  /**
   * So many pods must remain. Percentages round up. Prefer `maxUnavailable`, which goes on meaning the same when the service scales.
   */
  public static minAvailable(pods: PercentOrAbsolute, options: DisruptionBudgetOptions = {}): DisruptionBudget {
    return new DisruptionBudget('minAvailable', pods, options);
  }

  /**
   * No budget: a drain may take all pods of a node at once.
   */
  public static none(): DisruptionBudget {
    return new DisruptionBudget();
  }

  private constructor(
    private readonly kind?: 'maxUnavailable' | 'minAvailable',
    private readonly pods: PercentOrAbsolute = PercentOrAbsolute.absolute(1),
    private readonly options: DisruptionBudgetOptions = {},
  ) {
  }

  /** @internal */
  public _bind(inspection: Inspection, replicas: number, scales: boolean): k8s.PodDisruptionBudgetSpec | undefined {
    if (!this.kind) {
      if (replicas > 1) {
        inspection.finding('HA-B8', {
          message: `disruptionBudget: without one, a single drain may take all ${replicas} pods at once`,
          remedy: 'leave disruptionBudget out: one pod at a time may go',
        });
      }
      return undefined;
    }
    const prop = `disruptionBudget.${this.kind}`;
    const count = podCount(inspection, prop, this.pods, replicas, Math.ceil);
    if (Number.isNaN(count)) {
      return undefined;
    }
    if (this.kind === 'minAvailable') {
      this.inspectMinAvailable(inspection, prop, count, replicas, scales);
    } else {
      this.inspectMaxUnavailable(inspection, prop, count, replicas);
    }
    if (this.options.evictUnhealthyPods === false) {
      inspection.finding('HA-B7', {
        message: 'disruptionBudget.evictUnhealthyPods: pods that are not ready cannot be evicted once the budget is used up: a sick service blocks every drain',
        remedy: 'leave it out, unless a pod that is not ready may hold the last copy of something',
      });
    }
    return {
      [this.kind]: intOrString(this.pods),
      unhealthyPodEvictionPolicy: this.options.evictUnhealthyPods ?? true ? 'AlwaysAllow' : 'IfHealthyBudget',
    };
  }

  private inspectMinAvailable(inspection: Inspection, prop: string, kept: number, replicas: number, scales: boolean): void {
    const given: number | string = this.pods.value;
    if (kept >= replicas) {
      inspection.finding(typeof given === 'number' ? 'HA-B1' : 'HA-B2', {
        message: `${prop}: ${given} keeps ${kept} of ${replicas} pods, so no drain of a node with one of them ever ends`,
        remedy: 'use DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1))',
      });
    } else if (kept === 0) {
      inspection.finding('HA-B9', {
        message: `${prop}: ${given} lets all ${replicas} pods go at once`,
        remedy: 'use DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1))',
      });
    } else if (scales && typeof given === 'number') {
      inspection.finding('HA-B4', {
        message: `${prop}: ${given} is a fixed number, but the service scales: the more pods it has, the more may go at once`,
        remedy: 'use DisruptionBudget.maxUnavailable, which keeps its meaning',
      });
    }
  }

  private inspectMaxUnavailable(inspection: Inspection, prop: string, lost: number, replicas: number): void {
    if (lost === 0) {
      inspection.finding('HA-B3', {
        message: `${prop}: 0 lets no pod go, so no drain of a node with one of them ever ends`,
        remedy: 'allow 1',
      });
    } else if (replicas > 1 && lost >= replicas) {
      inspection.finding('HA-B9', {
        message: `${prop}: ${lost} lets all ${replicas} pods go at once`,
        remedy: `allow fewer than ${replicas}; 1 is the default`,
      });
    }
  }
}
