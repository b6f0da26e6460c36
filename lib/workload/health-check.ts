import { Duration } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { checkCommand, checkPath } from '../private/actions';
import { secondsOf } from '../private/duration';
import { Inspection } from '../private/inspection';

/**
 * When and how often a health check runs.
 */
export interface HealthCheckOptions {
  /**
   * The container port that is asked.
   *
   * @default - the service's `port`
   */
  readonly port?: number;

  /**
   * How often the check runs.
   *
   * @default - 5 s for readiness, so that a sick pod is out of the load balancer within 15 s; 10 s for liveness; 2 s while starting
   */
  readonly interval?: Duration;

  /**
   * How long an answer may take.
   *
   * @default - 2 s for readiness and while starting; 5 s for liveness, since slow is not dead (Kubernetes' own 1 s is too short for a busy pod)
   */
  readonly timeout?: Duration;

  /**
   * After how many failures in a row the check has failed.
   *
   * @default - 3 for readiness; 6 for liveness (60 s, so that a pod is taken out of the load balancer long before it is restarted);
   * while starting, as many as fit into `startupTime`
   */
  readonly failureThreshold?: number;

  /**
   * After how many successes in a row a pod that was not ready gets traffic again. For readiness only: Kubernetes knows no other
   * value than 1 for the rest.
   *
   * @default 1
   */
  readonly successThreshold?: number;
}

/**
 * Options of an HTTP health check.
 */
export interface HttpHealthCheckOptions extends HealthCheckOptions {
  /**
   * Request headers. A `Host` header is set here, too.
   *
   * @default - none
   */
  readonly headers?: Record<string, string>;
}

/**
 * Options of a gRPC health check.
 */
export interface GrpcHealthCheckOptions extends HealthCheckOptions {
  /**
   * The service name in the health request.
   *
   * @default - none: the server's overall health
   * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
   */
  readonly service?: string;
}

type Action = Pick<k8s.Probe, 'httpGet' | 'tcpSocket' | 'grpc' | 'exec'>;

/** The probes of one container. */
export type Probes = Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

interface Timings {
  readonly interval: Duration;
  readonly timeout: Duration;
  readonly failureThreshold: number;
}

const READINESS: Timings = { interval: Duration.seconds(5), timeout: Duration.seconds(2), failureThreshold: 3 };
const LIVENESS: Timings = { interval: Duration.seconds(10), timeout: Duration.seconds(5), failureThreshold: 6 };
const STARTUP_INTERVAL = Duration.seconds(2);

/**
 * How Kubernetes finds out that a pod can serve.
 *
 * - **Readiness** decides whether the pod gets traffic. It asks what you name here. Let it tell whether *this* pod can serve; an endpoint that
 *   looks at a shared database takes every pod out of service at the same moment.
 * - **Start-up** asks the same until it succeeds once, for as long as the service's `startupTime` allows; the other two wait for it.
 * - **Liveness** restarts the container. By default it only asks whether the port accepts connections, and four times more patiently than
 *   readiness: a restart helps a process that hangs, and makes everything worse for one that is overloaded.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
 */
export class HealthCheck {
  /**
   * A GET request to this path is answered with a status from 200 to 399.
   */
  public static http(path: string, options: HttpHealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(`http ${path}`, options, port => ({ httpGet: httpGet(path, port, 'HTTP', options) }));
  }

  /**
   * Like `http`, over TLS. The certificate is not verified.
   */
  public static https(path: string, options: HttpHealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(`https ${path}`, options, port => ({ httpGet: httpGet(path, port, 'HTTPS', options) }));
  }

  /**
   * The port accepts connections.
   */
  public static tcp(options: HealthCheckOptions = {}): HealthCheck {
    return new HealthCheck('tcp', options, port => ({ tcpSocket: { port: k8s.IntOrString.fromNumber(port) } }));
  }

  /**
   * The gRPC health service answers `SERVING`.
   */
  public static grpc(options: GrpcHealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(`grpc ${options.service ?? ''}`, options, port => ({ grpc: { port, service: options.service } }));
  }

  /**
   * The command, run in the container, exits with 0.
   */
  public static command(command: string[], options: HealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(`command ${command}`, options, () => ({ exec: { command } }));
  }

  private constructor(
    private readonly asks: string,
    private readonly options: HealthCheckOptions,
    private readonly action: (port: number) => Action,
    private readonly liveness: HealthCheck | undefined | 'none' = undefined,
    private readonly startup?: HealthCheck,
  ) {
  }

  /**
   * The same check, with another one for liveness.
   */
  public withLiveness(check: HealthCheck): HealthCheck {
    return new HealthCheck(this.asks, this.options, this.action, check, this.startup);
  }

  /**
   * The same check, and nothing restarts a container that hangs.
   */
  public withoutLiveness(): HealthCheck {
    return new HealthCheck(this.asks, this.options, this.action, 'none', this.startup);
  }

  /**
   * The same check, with another one while the container starts.
   */
  public withStartup(check: HealthCheck): HealthCheck {
    return new HealthCheck(this.asks, this.options, this.action, this.liveness, check);
  }

  /** @internal */
  public _bind(inspection: Inspection, containerPort: number, startupTime: Duration): Probes {
    for (const [prop, check] of Object.entries({ liveness: this.liveness, startup: this.startup })) {
      if (check !== undefined && check !== 'none' && typeof check?._bind !== 'function') {
        inspection.fault(`healthCheck.${prop}`, check, 'is no HealthCheck', "make one, such as HealthCheck.http('/alive')");
        return {};
      }
    }
    const liveness = this.liveness === 'none' ? undefined : this.liveness ?? HealthCheck.tcp();
    if (liveness) {
      this.compare(inspection, liveness, containerPort);
    }
    return {
      startupProbe: this.bindStartup(inspection, containerPort, startupTime),
      readinessProbe: this.probe(inspection, 'healthCheck', containerPort, READINESS),
      livenessProbe: liveness?.probe(inspection, 'healthCheck.liveness', containerPort, LIVENESS),
    };
  }

  private bindStartup(inspection: Inspection, containerPort: number, startupTime: Duration): k8s.Probe {
    const check = this.startup ?? this;
    const interval = this.startup?.options.interval ?? STARTUP_INTERVAL;
    const window = inspection.seconds('startupTime', startupTime, 1);
    const tries = Math.ceil(window / secondsOf(interval));
    // Where it is no number, what makes it none is a fault of its own.
    const needed = Number.isFinite(tries) ? Math.max(1, tries) : 1;
    const failureThreshold = this.startup?.options.failureThreshold ?? needed;
    if (failureThreshold < needed) {
      inspection.finding('HA-E5', {
        message: `healthCheck.startup: ${failureThreshold} tries every ${secondsOf(interval)} s end before startupTime `
          + `(${window} s) is over, so a slow start is restarted for ever`,
        remedy: `raise failureThreshold to ${needed}, or leave it out`,
      });
    }
    return check.probe(inspection, this.startup ? 'healthCheck.startup' : 'healthCheck', containerPort,
      { interval, timeout: READINESS.timeout, failureThreshold },
      { interval, failureThreshold, successThreshold: this.startup?.options.successThreshold });
  }

  private probe(inspection: Inspection, prop: string, containerPort: number, defaults: Timings, override: HealthCheckOptions = {}): k8s.Probe {
    const options = { ...this.options, ...override };
    const { interval = defaults.interval, timeout = defaults.timeout, failureThreshold = defaults.failureThreshold } = options;
    const port = options.port ?? containerPort;
    const action = this.action(port);
    this.inspectAction(inspection, prop, action);
    inspection.integer(`${prop}.failureThreshold`, failureThreshold, 1);
    if (options.successThreshold !== undefined) {
      if (prop === 'healthCheck') {
        inspection.integer(`${prop}.successThreshold`, options.successThreshold, 1);
      } else if (options.successThreshold !== 1) {
        inspection.fault(`${prop}.successThreshold`, options.successThreshold, 'is not 1, and Kubernetes knows it for readiness only', 'leave it out');
      }
    }
    const timeoutSeconds = inspection.seconds(`${prop}.timeout`, timeout, 1);
    if (action.exec && timeoutSeconds < 2) {
      inspection.finding('HA-E7', {
        message: `${prop}.timeout: a command that may take ${timeoutSeconds} s is cut off on a busy node, and piles up as zombie processes`,
        remedy: 'allow 2 s or more',
      });
    }
    return {
      ...action,
      periodSeconds: inspection.seconds(`${prop}.interval`, interval, 1),
      timeoutSeconds,
      failureThreshold,
      ...(options.successThreshold && { successThreshold: options.successThreshold }),
    };
  }

  private inspectAction(inspection: Inspection, prop: string, { exec, httpGet: request }: Action): void {
    if (exec) {
      checkCommand(inspection, `${prop}.command`, exec.command!);
    }
    if (request) {
      checkPath(inspection, `${prop}.path`, request.path!);
    }
    for (const { name, value } of request?.httpHeaders ?? []) {
      if (!/^[-A-Za-z0-9]+$/.test(name)) {
        inspection.fault(`${prop}.headers`, name, 'is no header name', "use letters, digits and '-'");
      }
      if (typeof value !== 'string') {
        inspection.fault(`${prop}.headers.${name}`, value, 'is no string', 'write it as a string');
      }
    }
    if (this.options.port !== undefined) {
      if (exec) {
        inspection.fault(`${prop}.port`, this.options.port, 'has no use, since a command asks no port', 'leave it out');
      } else {
        inspection.integer(`${prop}.port`, this.options.port, 1, 65535);
      }
    }
  }

  /** Liveness must be the more patient of the two: what is overloaded needs less traffic, not a restart. */
  private compare(inspection: Inspection, liveness: HealthCheck, containerPort: number): void {
    const kill = patience(liveness.options, LIVENESS);
    const eject = patience(this.options, READINESS);
    const samePort = (liveness.options.port ?? containerPort) === (this.options.port ?? containerPort);
    if (liveness.asks === this.asks && samePort && kill <= eject) {
      inspection.finding('HA-E2', {
        message: `healthCheck.liveness: it asks the same as readiness and gives up after ${kill} s, no later than readiness (${eject} s): `
          + 'an overloaded pod is restarted instead of relieved, and its load moves on to the next',
        remedy: `raise failureThreshold or interval of the liveness check so that it waits for ${4 * eject} s`,
      });
    }
    const timeout = liveness.options.timeout ?? LIVENESS.timeout;
    if (kill < 30 || liveness.options.failureThreshold === 1 || secondsOf(timeout) <= 1) {
      inspection.finding('HA-E3', {
        message: `healthCheck.liveness: a pod is killed after ${kill} s without an answer within ${secondsOf(timeout)} s: a pause for garbage collection is enough`,
        remedy: 'wait for 30 s or more, for 2 failures or more, and for more than 1 s per answer',
      });
    }
  }
}

function patience(options: HealthCheckOptions, defaults: Timings): number {
  return secondsOf(options.interval ?? defaults.interval) * (options.failureThreshold ?? defaults.failureThreshold);
}

function httpGet(path: string, port: number, scheme: string, options: HttpHealthCheckOptions): k8s.HttpGetAction {
  const httpHeaders = Object.entries(options.headers ?? {}).map(([name, value]) => ({ name, value }));
  return { path, port: k8s.IntOrString.fromNumber(port), scheme, ...(httpHeaders.length > 0 && { httpHeaders }) };
}
