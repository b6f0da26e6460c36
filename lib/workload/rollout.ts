import { Duration } from 'cdk8s';
import { DeploymentProps, DeploymentStrategy, PercentOrAbsolute } from 'cdk8s-plus-28';
import { secondsOf } from '../private/duration';
import { Inspection } from '../private/inspection';
import { podCount } from '../private/quantity';

/**
 * How a new version replaces the old one.
 */
export interface RollingUpdateOptions {
  /**
   * How many pods more than wanted may exist meanwhile. Percentages round up.
   *
   * @default - 25 %
   */
  readonly maxSurge?: PercentOrAbsolute;

  /**
   * How many pods fewer than wanted may serve meanwhile. Percentages round down.
   *
   * @default - 0: a new pod serves before an old one leaves
   */
  readonly maxUnavailable?: PercentOrAbsolute;

  /**
   * How long a new pod has to stay ready before the next old one leaves: what crashes after its first requests stops the rollout.
   *
   * @default - 10 s
   */
  readonly minReady?: Duration;

  /**
   * After how long without progress the rollout counts as failed (`kubectl rollout status` then ends with an error). The old pods go on serving. Each new pod
   * that becomes ready is progress, even if it crashes again: `minReady` is what stops such a version.
   *
   * @default - 10 minutes, or `startupTime` + `minReady` + 5 minutes for pulling the image, if that is longer
   */
  readonly progressDeadline?: Duration;

  /**
   * How many old versions can be rolled back to.
   *
   * @default - 10, by Kubernetes' own default
   */
  readonly revisionHistoryLimit?: number;
}

/** How a Deployment rolls out, in the words of cdk8s-plus, as far as it has them. */
export interface RolloutSpec extends Pick<DeploymentProps, 'strategy' | 'minReady' | 'progressDeadline'> {
  readonly revisionHistoryLimit?: number;
}

const PULL_ALLOWANCE_SECONDS = 300;

/**
 * How a new version replaces the old one.
 *
 * Only rolling updates exist here: the alternative (`Recreate`) stops every pod before it starts the first new one.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
 */
export class Rollout {
  /**
   * New pods come up before old ones leave, a few at a time.
   */
  public static rolling(options: RollingUpdateOptions = {}): Rollout {
    return new Rollout(options);
  }

  private constructor(private readonly options: RollingUpdateOptions) {
  }

  /** @internal */
  public _bind(inspection: Inspection, replicas: number, startupTime: Duration): RolloutSpec {
    const { minReady = Duration.seconds(10), revisionHistoryLimit } = this.options;
    const { maxSurge = PercentOrAbsolute.percent(25), maxUnavailable = PercentOrAbsolute.absolute(0) } = this.options;
    const added = podCount(inspection, 'rollout.maxSurge', maxSurge, replicas, Math.ceil, Infinity);
    const spared = podCount(inspection, 'rollout.maxUnavailable', maxUnavailable, replicas, Math.floor);
    const stuck = added === 0 && spared === 0 && parseInt(String(maxUnavailable.value)) === 0;
    // Where rounding alone makes both 0, Kubernetes lets one pod go.
    const lost = added === 0 && spared === 0 ? 1 : spared;
    const minReadySeconds = inspection.seconds('rollout.minReady', minReady, 0);
    const neededSeconds = secondsOf(startupTime) + minReadySeconds;
    const progressDeadlineSeconds = this.options.progressDeadline
      ? inspection.seconds('rollout.progressDeadline', this.options.progressDeadline, 1)
      : Math.max(600, Math.ceil(neededSeconds) + PULL_ALLOWANCE_SECONDS);

    if (stuck) {
      inspection.fault('rollout', `maxSurge ${maxSurge.value} and maxUnavailable ${maxUnavailable.value}`, 'are both 0, so that no pod can ever be replaced',
        'raise maxSurge to 1 or more');
    } else if (lost > replicas / 3) {
      inspection.finding('HA-D3', {
        message: `rollout.maxUnavailable: every rollout leaves ${Math.max(0, replicas - lost)} of ${replicas} pods to carry the load, fewer than the loss of one zone of three`,
        remedy: 'set it to 0 and let maxSurge add pods first',
      });
    }
    if (minReadySeconds === 0) {
      inspection.finding('HA-D5', {
        message: 'rollout.minReady: with 0 s a new pod counts from the instant of its first good answer, so a version that crashes right after replaces all pods',
        remedy: 'give 10 s or more',
      });
    }
    if (progressDeadlineSeconds <= minReadySeconds) {
      inspection.fault('rollout.progressDeadline', `${progressDeadlineSeconds} s`, `is not longer than minReady (${minReadySeconds} s)`,
        `give ${neededSeconds + PULL_ALLOWANCE_SECONDS} s`);
    } else if (progressDeadlineSeconds < neededSeconds) {
      inspection.finding('HA-D4', {
        message: `rollout.progressDeadline: ${progressDeadlineSeconds} s are over before a pod that needs all of startupTime and minReady (${neededSeconds} s) counts, `
          + 'so good releases are reported as failed',
        remedy: `give ${neededSeconds + PULL_ALLOWANCE_SECONDS} s or more (that leaves time to pull the image)`,
      });
    }
    if (revisionHistoryLimit !== undefined) {
      inspection.integer('rollout.revisionHistoryLimit', revisionHistoryLimit, 1);
    }
    return {
      // cdk8s-plus throws where the faults above are to be read first.
      strategy: stuck || Number.isNaN(added + spared) ? undefined : DeploymentStrategy.rollingUpdate({ maxSurge, maxUnavailable }),
      minReady: Duration.seconds(minReadySeconds),
      progressDeadline: Duration.seconds(progressDeadlineSeconds),
      revisionHistoryLimit,
    };
  }
}
