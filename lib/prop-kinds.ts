import { ContainerProps, ContainerResources, ImagePullPolicy } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps } from './high-availability-service-props';
import { Inspection } from './private/inspection';
import { NamedPort } from './traffic/named-port';
import { SchedulingOptions } from './workload/scheduling';
import { SecurityOptions } from './workload/security';

/** What a value has to be. */
interface Kind {
  readonly fits: (value: any) => boolean;
  readonly rule: string;
  readonly remedy: string;

  /** The kind of each element of a list, or of each value of a map. */
  readonly each?: Kind;

  /** The kind of each option that there is. */
  readonly members?: Record<string, Kind>;
}

const isObject = (value: any) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whatever it is, the concern that it belongs to checks it. */
const anything: Kind = { fits: () => true, rule: '', remedy: '' };
const text: Kind = { fits: value => typeof value === 'string', rule: 'is no string', remedy: 'write it as a string' };
const list = (each: Kind): Kind => ({ fits: Array.isArray, rule: 'is no list', remedy: 'give a list', each });
const map = (each: Kind): Kind => ({ fits: isObject, rule: 'is no object', remedy: 'give an object with a value for each name', each });

/** Options by their names: one that is misspelt would otherwise be taken for one that is not given. */
const options = <T>(members: Record<keyof Required<T>, Kind>, remedy: string = 'give an object with the options'): Kind => (
  { fits: isObject, rule: 'is no object', remedy, members }
);

/** Told by a member, not by its class: several copies of a library can be in one program. */
const made = (what: string, member: string, example: string): Kind => ({
  fits: value => isObject(value) && member in value, rule: `is no ${what}`, remedy: `make one, such as ${example}`,
});

const amounts = (example: string) => options<{ request: unknown; limit: unknown }>({ request: anything, limit: anything }, `give { request: ${example} }`);
const resources = options<ContainerResources>({
  cpu: amounts('Cpu.millis(250)'), memory: amounts('Size.mebibytes(512)'), ephemeralStorage: amounts('Size.gibibytes(1)'),
});
const container = options<ContainerProps>({
  image: anything,
  name: anything,
  port: anything,
  portNumber: anything,
  ports: anything,
  command: anything,
  args: anything,
  workingDir: anything,
  envVariables: anything,
  envFrom: anything,
  volumeMounts: anything,
  imagePullPolicy: anything,
  readiness: anything,
  liveness: anything,
  startup: anything,
  lifecycle: anything,
  resources,
  securityContext: anything,
  restartPolicy: anything,
});

/** All props there are. */
const KINDS: Record<keyof HighAvailabilityServiceProps, Kind> = {
  image: anything,
  command: list(text),
  args: list(text),
  port: anything,
  portName: anything,
  additionalPorts: list(options<NamedPort>({
    name: anything, port: anything, servicePort: anything, exposed: anything, protocol: anything, appProtocol: anything,
  })),
  environment: map(anything),
  environmentReferences: map(made('EnvValue', 'valueFrom', 'EnvValue.fromSecretValue(...), or use environment for plain text')),
  environmentFrom: list(made('EnvFrom', '_toKube', 'Env.fromConfigMap(...)')),
  volumeMounts: list(made('VolumeMount', 'volume', "{ path: '/data', volume: Volume.from...(...) }")),
  writablePaths: list(text),
  scalingMetrics: list(made('ScalingMetric', '_inspect', 'ScalingMetric.cpuUtilization(65)')),
  healthCheck: made('HealthCheck', '_bind', "HealthCheck.http('/healthz')"),
  startupTime: made('Duration', 'toMilliseconds', 'Duration.minutes(2)'),
  serviceAccount: made('ServiceIdentity', '_bind', "ServiceIdentity.existing('name')"),
  initContainers: list(container),
  sidecars: list(container),
  podLabels: map(anything),
  name: anything,
  namespace: anything,
  kubernetesVersion: made('KubernetesVersion', '_inspect', "KubernetesVersion.of('1.30')"),
  minReplicas: anything,
  maxReplicas: anything,
  replicas: anything,
  imagePullPolicy: {
    fits: value => Object.values(ImagePullPolicy).includes(value), rule: 'is no pull policy', remedy: `use one of ${Object.values(ImagePullPolicy).join(', ')}`,
  },
  imagePullSecrets: list(text),
  resources,
  rollout: made('Rollout', '_bind', 'Rollout.rolling()'),
  shutdown: made('GracefulShutdown', '_bind', 'GracefulShutdown.sleep()'),
  spread: made('Spread', '_bind', 'Spread.preferred()'),
  scheduling: options<SchedulingOptions>({
    nodeFailureToleration: anything,
    tolerations: list(made('NodeTaintQuery', '_toKube', "NodeTaintQuery.is('dedicated', 'web')")),
    nodeSelector: anything,
    affinity: anything,
    priorityClassName: anything,
    schedulerName: anything,
  }),
  disruptionBudget: made('DisruptionBudget', '_bind', 'DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1))'),
  loadBalancing: made('LoadBalancing', '_bind', 'LoadBalancing.external()'),
  networkAccess: made('NetworkAccess', '_managed', 'NetworkAccess.open()'),
  security: options<SecurityOptions>({
    user: anything,
    group: anything,
    useImageUser: anything,
    allowRoot: anything,
    writableRootFilesystem: anything,
    allowPrivilegeEscalation: anything,
    addCapabilities: anything,
    unconfinedSeccomp: anything,
  }),
  labels: map(anything),
  annotations: map(anything),
  podAnnotations: map(anything),
  acknowledgements: map(anything),
};

/**
 * Records a fault for each prop that is not of its type, which TypeScript and Python notice, but plain JavaScript does not: nor does TypeScript for what is
 * spread into the props, or is undefined in spite of its type.
 *
 * @returns the props without those, so that all else can be checked in the same go
 */
export function withoutMisfits(inspection: Inspection, props: HighAvailabilityServiceProps): HighAvailabilityServiceProps {
  return Object.fromEntries(Object.entries(props).filter(([prop, value]) => {
    if (value === undefined) {
      return false;
    }
    const kind = Object.hasOwn(KINDS, prop) ? KINDS[prop as keyof HighAvailabilityServiceProps] : undefined;
    if (!kind) {
      inspection.fault(prop, value, 'is no prop', 'remove it, or mend the name');
      return false;
    }
    return fits(inspection, prop, value, kind);
  })) as unknown as HighAvailabilityServiceProps;
}

function fits(inspection: Inspection, prop: string, value: unknown, kind: Kind): boolean {
  if (!kind.fits(value)) {
    inspection.fault(prop, Array.isArray(value) ? `[${value.join(', ')}]` : isObject(value) ? '{...}' : value, kind.rule, kind.remedy);
    return false;
  }
  const { each, members } = kind;
  const kindOf = (key: string) => each ?? (Object.hasOwn(members!, key) ? members![key] : noneOf(members!));
  const elements = each || members ? Object.entries(value as object) : [];
  const given = elements.filter(([, element]) => each || (element !== undefined && element !== null));
  return given.map(([key, element]) => fits(inspection, `${prop}.${key}`, element, kindOf(key))).every(x => x);
}

function noneOf(members: Record<string, Kind>): Kind {
  return { fits: () => false, rule: 'is no option', remedy: `use one of ${Object.keys(members).join(', ')}` };
}
