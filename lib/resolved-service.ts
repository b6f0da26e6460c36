import { Duration } from 'cdk8s';
import { ContainerResources, EnvValue, k8s, PercentOrAbsolute } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps } from './high-availability-service-props';
import { KubernetesVersion } from './kubernetes-version';
import { Inspection } from './private/inspection';
import { checkKeys, checkLabels, isLabel, isServiceName, isSubdomain } from './private/names';
import { withoutMisfits } from './prop-kinds';
import { bindMetrics, bindReplicas, ReplicaBounds } from './scaling/autoscaler';
import { ScalingMetric } from './scaling/scaling-metric';
import { LoadBalancing, ServiceSettings } from './traffic/load-balancing';
import { inspectPorts, NamedPort } from './traffic/named-port';
import { NetworkAccess } from './traffic/network-access';
import { declaredFacts, declaredInitFacts, inspectContainers, inspectMountPaths } from './workload/containers';
import { DisruptionBudget } from './workload/disruption-budget';
import { GracefulShutdown, Termination } from './workload/graceful-shutdown';
import { HealthCheck, Probes } from './workload/health-check';
import { bindImage, Image } from './workload/image';
import { inspectResources, withDefaults } from './workload/resources';
import { Rollout, RolloutSpec } from './workload/rollout';
import { bindScheduling, SchedulingSpec } from './workload/scheduling';
import { bindSecurity, PodSecurity } from './workload/security';
import { ServiceIdentity } from './workload/service-identity';
import { Spread, SpreadSpec } from './workload/spread';
import { bindWritablePaths } from './workload/writable-paths';

/** A service whose props are checked and whose defaults are filled in: what is left is to make the objects. */
export interface ResolvedService {
  readonly name: string;
  readonly version: KubernetesVersion;
  readonly labels: Record<string, string>;
  readonly selector: Record<string, string>;
  readonly image: Image;
  readonly ports: NamedPort[];
  readonly resources: ContainerResources;
  readonly environment: Record<string, EnvValue>;
  readonly writableVolumes: Map<string, string>;
  readonly replicas: ReplicaBounds;
  readonly metrics: ScalingMetric[];
  readonly zones: number;
  readonly probes: Probes;
  readonly termination: Termination;
  readonly rollout: RolloutSpec;
  readonly spread: SpreadSpec;
  readonly scheduling: SchedulingSpec;
  readonly budget?: k8s.PodDisruptionBudgetSpec;
  readonly security: PodSecurity;
  readonly identity: ServiceIdentity;
  readonly service: ServiceSettings;
  readonly networkAccess: NetworkAccess;
}

export const NAME_LABEL = 'app.kubernetes.io/name';

const DEFAULT_VERSION = KubernetesVersion.of('1.30');
const DEFAULT_PORT = 8080;
const DEFAULT_STARTUP_TIME = Duration.minutes(2);
const DEFAULT_BUDGET = DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1));
const DEFAULTS = {
  healthCheck: HealthCheck.tcp(),
  shutdown: GracefulShutdown.sleep(),
  rollout: Rollout.rolling(),
  spread: Spread.preferred(),
  loadBalancing: LoadBalancing.cluster(),
  identity: ServiceIdentity.own(),
  networkAccess: NetworkAccess.open(),
};

/** Checks all props and fills in the defaults. Makes no object. */
export function resolveService(inspection: Inspection, name: string, given: HighAvailabilityServiceProps): ResolvedService {
  const props = withoutMisfits(inspection, given);
  const { kubernetesVersion: version = DEFAULT_VERSION, startupTime = DEFAULT_STARTUP_TIME, port = DEFAULT_PORT, portName = 'http' } = props;
  const { spread = DEFAULTS.spread, serviceAccount: identity = DEFAULTS.identity, volumeMounts = [], sidecars = [], initContainers = [] } = props;
  version._inspect(inspection);
  inspectMetadata(inspection, name, props);
  identity._inspect(inspection);
  inspectMountPaths(inspection, 'volumeMounts', volumeMounts.map(({ path }) => path));

  const selector = { [NAME_LABEL]: name };
  const zones = spread._zones;
  const replicas = bindReplicas(inspection, props, zones);
  const metrics = bindMetrics(inspection, props.scalingMetrics, replicas, zones);
  const scheduling = bindScheduling(inspection, props.scheduling ?? {});
  const termination = (props.shutdown ?? DEFAULTS.shutdown)._bind(inspection, version, port);
  const resources = withDefaults(props.resources);
  inspectResources(inspection, resources);

  const service = (props.loadBalancing ?? DEFAULTS.loadBalancing)
    ._bind(inspection, { version, drainSeconds: termination.drainSeconds, floor: replicas.floor });
  const ports = [{ name: portName, port, servicePort: service.port, appProtocol: service.appProtocol }, ...props.additionalPorts ?? []];
  inspectPorts(inspection, ports);
  const main = { name, image: props.image, resources, ports: ports.map(p => ({ number: p.port, protocol: p.protocol })) };
  inspectContainers(inspection, [main, ...sidecars.map(declaredFacts)], initContainers.map(declaredInitFacts), metrics, version);

  return {
    name,
    version,
    selector,
    labels: { ...selector, 'app.kubernetes.io/instance': name, 'app.kubernetes.io/managed-by': 'cdk8s', ...props.labels },
    image: bindImage(inspection, props.image, props.imagePullPolicy),
    ports,
    resources,
    environment: bindEnvironment(inspection, props),
    writableVolumes: bindWritablePaths(inspection, props.writablePaths ?? [], volumeMounts),
    replicas,
    metrics,
    zones,
    probes: (props.healthCheck ?? DEFAULTS.healthCheck)._bind(inspection, port, startupTime),
    termination,
    rollout: (props.rollout ?? DEFAULTS.rollout)._bind(inspection, replicas.floor, startupTime),
    spread: spread._bind(inspection, selector, {
      version,
      minReplicas: replicas.floor,
      maxReplicas: replicas.ceiling,
      nodeSelector: props.scheduling?.nodeSelector ?? {},
    }),
    scheduling,
    budget: (props.disruptionBudget ?? DEFAULT_BUDGET)._bind(inspection, replicas.floor, replicas.scales),
    security: bindSecurity(inspection, props.security ?? {}),
    identity,
    service,
    networkAccess: props.networkAccess ?? DEFAULTS.networkAccess,
  };
}

function inspectMetadata(inspection: Inspection, name: string, props: HighAvailabilityServiceProps): void {
  if (!isServiceName(name)) {
    inspection.fault('name', name, 'is no DNS label (RFC 1035)',
      "use at most 63 lower case letters, digits and '-', with a letter first: as the construct's id, or by the prop name");
  }
  if (props.namespace !== undefined && !isLabel(props.namespace)) {
    inspection.fault('namespace', props.namespace, 'is no namespace name', "use at most 63 lower case letters, digits and '-'");
  }
  checkLabels(inspection, 'labels', props.labels ?? {});
  checkLabels(inspection, 'podLabels', props.podLabels ?? {});
  checkKeys(inspection, 'annotations', props.annotations ?? {});
  checkKeys(inspection, 'podAnnotations', props.podAnnotations ?? {});
  for (const [prop, labels] of [['labels', props.labels], ['podLabels', props.podLabels]] as const) {
    const own = labels?.[NAME_LABEL];
    if (own !== undefined && own !== name) {
      inspection.fault(`${prop}.${NAME_LABEL}`, own, 'is not the name by which the Service finds its pods', `leave it out, or set name: '${own}'`);
    }
  }
  for (const secret of (props.imagePullSecrets ?? []).filter(s => !isSubdomain(s))) {
    inspection.fault('imagePullSecrets', secret, 'is no object name', "use lower case letters, digits, '-' and '.'");
  }
}

function bindEnvironment(inspection: Inspection, props: HighAvailabilityServiceProps): Record<string, EnvValue> {
  const { environment = {}, environmentReferences = {} } = props;
  for (const [variable, value] of Object.entries(environment)) {
    if (typeof value !== 'string') {
      inspection.fault(`environment.${variable}`, value, 'is no string', 'write it as a string');
    }
    if (variable in environmentReferences) {
      inspection.fault('environmentReferences', variable, 'is given by environment as well', 'give it once');
    }
  }
  for (const [prop, variables] of Object.entries({ environment, environmentReferences })) {
    for (const variable of Object.keys(variables).filter(v => !/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(v))) {
      inspection.fault(prop, variable, 'is no variable name', "use letters, digits, '_', '-' and '.', and no digit first");
    }
  }
  const home = 'HOME' in environment || 'HOME' in environmentReferences ? {} : { HOME: '/tmp' };
  const literal = Object.entries({ ...home, ...environment }).map(([variable, value]) => [variable, EnvValue.fromValue(value)]);
  return { ...Object.fromEntries(literal), ...environmentReferences };
}
