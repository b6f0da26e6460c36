import { Duration } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { KubernetesVersion } from '../kubernetes-version';
import { checkCommand, checkPath } from '../private/actions';
import { Inspection } from '../private/inspection';

/**
 * How long a pod keeps serving after its end was decided, and how long it then has.
 */
export interface GracefulShutdownOptions {
  /**
   * How long a pod goes on serving before it is told to stop, so that every load balancer has heard of it. Endpoints spread within a few seconds
   * inside the cluster; load balancers of clouds need 15 s and more.
   *
   * @default - 15 s
   * @see https://docs.aws.amazon.com/eks/latest/best-practices/load-balancing.html
   */
  readonly drainDelay?: Duration;

  /**
   * How long the process needs at most to finish its open requests once it got SIGTERM.
   *
   * @default - 30 s
   */
  readonly timeToFinish?: Duration;

  /**
   * After how long the process is killed, counted from the start of the drain delay.
   *
   * @default - `drainDelay` + `timeToFinish` + 5 s
   */
  readonly gracePeriod?: Duration;
}

/** The termination of one pod. */
export interface Termination {
  readonly gracePeriodSeconds: number;
  readonly drainSeconds: number;

  /** What the main container does before SIGTERM, as far as the 1.28 schema can say it. */
  readonly preStop?: k8s.LifecycleHandler;

  /** Containers sleep by the kubelet's own action, which the 1.28 schema does not know. */
  readonly nativeSleep: boolean;
}

type Mechanism = 'sleep' | 'exec sleep' | 'command' | 'http' | 'application';

/** The first version that has the native sleep action without a feature gate: KEP-3960. */
const NATIVE_SLEEP = '1.30';

/** Cluster Autoscaler waits this long for a pod at most, then takes the node away. */
const AUTOSCALER_PATIENCE_SECONDS = 600;

/**
 * How a pod leaves without losing a request.
 *
 * Kubernetes takes a pod out of its endpoints and sends SIGTERM at the same moment; until proxies and load balancers have heard of the former, they
 * go on sending requests. So SIGTERM has to wait: the *drain delay*. The factories differ in who does the waiting.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
 */
export class GracefulShutdown {
  /**
   * The kubelet waits. Needs nothing in the image, and Kubernetes 1.30; with an older `kubernetesVersion` it is `execSleep`.
   */
  public static sleep(options: GracefulShutdownOptions = {}): GracefulShutdown {
    return new GracefulShutdown('sleep', options);
  }

  /**
   * The `sleep` program of the image waits. In an image without one (distroless, scratch) the hook fails, and nothing waits.
   */
  public static execSleep(options: GracefulShutdownOptions = {}): GracefulShutdown {
    return new GracefulShutdown('exec sleep', options);
  }

  /**
   * A program of the image waits: it must not end before `drainDelay` is over, and end soon after.
   */
  public static command(command: string[], options: GracefulShutdownOptions = {}): GracefulShutdown {
    return new GracefulShutdown('command', options, command);
  }

  /**
   * The application waits: a GET request to this path, on the service's port, is answered when `drainDelay` is over.
   */
  public static http(path: string, options: GracefulShutdownOptions = {}): GracefulShutdown {
    return new GracefulShutdown('http', options, [path]);
  }

  /**
   * The application itself goes on serving for `drainDelay` after SIGTERM.
   */
  public static application(options: GracefulShutdownOptions = {}): GracefulShutdown {
    return new GracefulShutdown('application', options);
  }

  private constructor(
    private readonly mechanism: Mechanism,
    private readonly options: GracefulShutdownOptions,
    private readonly words: string[] = [],
  ) {
  }

  /** @internal */
  public _bind(inspection: Inspection, version: KubernetesVersion, port: number): Termination {
    const { drainDelay = Duration.seconds(15), timeToFinish = Duration.seconds(30), gracePeriod } = this.options;
    const drainSeconds = inspection.seconds('shutdown.drainDelay', drainDelay, 0);
    const finishSeconds = inspection.seconds('shutdown.timeToFinish', timeToFinish, 0);
    const gracePeriodSeconds = gracePeriod ? inspection.seconds('shutdown.gracePeriod', gracePeriod, 1) : drainSeconds + finishSeconds + 5;
    this.inspect(inspection, drainSeconds, finishSeconds, gracePeriodSeconds);

    const nativeSleep = this.mechanism === 'sleep' && version.isAtLeast(KubernetesVersion.of(NATIVE_SLEEP));
    const execSleep = this.mechanism === 'exec sleep' || (this.mechanism === 'sleep' && !nativeSleep);
    if (execSleep) {
      inspection.finding('HA-F4', {
        message: `shutdown: the drain delay runs the image's own 'sleep'${this.mechanism === 'sleep' ? `, since Kubernetes ${version} has no sleep action` : ''}; `
          + 'in an image without that program the hook fails and the pod stops at once',
        remedy: `make sure that the image has it, use GracefulShutdown.http() or .application(), or upgrade to Kubernetes ${NATIVE_SLEEP}`,
      });
    }
    return {
      gracePeriodSeconds,
      drainSeconds,
      nativeSleep: nativeSleep && drainSeconds > 0,
      preStop: this.handler(execSleep, drainSeconds, port),
    };
  }

  private inspect(inspection: Inspection, drain: number, finish: number, grace: number): void {
    if (this.mechanism === 'command') {
      checkCommand(inspection, 'shutdown.command', this.words);
    }
    if (this.mechanism === 'http') {
      checkPath(inspection, 'shutdown.path', this.words[0]);
    }
    if (drain === 0) {
      inspection.finding('HA-F1', {
        message: 'shutdown.drainDelay: without a delay a pod stops before the load balancers have heard of it, and loses requests on every rollout and drain',
        remedy: 'give 5 s inside the cluster, 15 s or more behind a load balancer of a cloud',
      });
    }
    if (grace <= drain && grace > 0) {
      inspection.fault('shutdown.gracePeriod', `${grace} s`, `is over before the drain delay of ${drain} s is, so the process is killed while it serves`,
        `give ${drain + finish + 5} s or more, or leave it out`);
    } else if (grace < drain + finish) {
      inspection.finding('HA-F2', {
        message: `shutdown.gracePeriod: ${grace} s is less than the drain delay (${drain} s) and timeToFinish (${finish} s) together: open requests are cut off`,
        remedy: `give ${drain + finish + 5} s or more, or leave it out`,
      });
    }
    if (grace > AUTOSCALER_PATIENCE_SECONDS) {
      inspection.finding('HA-B10', {
        message: `shutdown.gracePeriod: Cluster Autoscaler waits for ${AUTOSCALER_PATIENCE_SECONDS} s at most, not for ${grace} s, then takes the node away`,
        remedy: `stay below ${AUTOSCALER_PATIENCE_SECONDS} s, or raise --max-graceful-termination-sec`,
      });
    }
  }

  private handler(execSleep: boolean, seconds: number, port: number): k8s.LifecycleHandler | undefined {
    if (execSleep) {
      return seconds > 0 ? { exec: { command: ['sleep', `${seconds}`] } } : undefined;
    }
    switch (this.mechanism) {
      case 'command': return { exec: { command: this.words } };
      case 'http': return { httpGet: { path: this.words[0], port: k8s.IntOrString.fromNumber(port) } };
      default: return undefined;
    }
  }
}
