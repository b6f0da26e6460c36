import { ApiObjectMetadata, Duration } from 'cdk8s';
import { IServiceAccount, Protocol } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { HighAvailabilityServiceProps } from './high-availability-service-props';
import { ResolvedService } from './resolved-service';
import { HighAvailabilityDeployment } from './workload/deployment';
import { writableMounts } from './workload/writable-paths';

/** Above this, ports are for everyone. */
const PRIVILEGED_PORTS = 1024;

/** The Deployment of a service, with all its containers. */
export function createDeployment(
  scope: Construct, common: ApiObjectMetadata, serviceAccount: IServiceAccount | undefined,
  resolved: ResolvedService, props: HighAvailabilityServiceProps,
): HighAvailabilityDeployment {
  const { security, termination } = resolved;
  const metadata = withVersion(common, resolved.image.version);
  const writable = writableMounts(resolved.writableVolumes);
  const lowPort = resolved.ports.some(({ port }) => port < PRIVILEGED_PORTS);
  const deployment = new HighAvailabilityDeployment(scope, {
    metadata,
    podMetadata: {
      labels: { ...metadata.labels, ...props.podLabels },
      annotations: { ...safeToEvict(resolved.writableVolumes), ...props.podAnnotations },
    },
    replicas: resolved.replicas.scales ? undefined : resolved.replicas.floor,
    ...resolved.rollout,
    terminationGracePeriod: Duration.seconds(termination.gracePeriodSeconds),
    serviceAccount,
    automountServiceAccountToken: resolved.identity._mountToken,
    securityContext: {
      ...security.pod,
      sysctls: lowPort ? [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] : undefined,
    },
  }, {
    selector: resolved.selector,
    containerSecurity: security.container,
    main: {
      ...resolved.probes,
      lifecycle: termination.preStop && { preStop: termination.preStop },
    },
    sleepSeconds: termination.nativeSleep ? termination.drainSeconds : undefined,
    scheduling: resolved.scheduling,
    spread: resolved.spread,
    pod: {
      enableServiceLinks: false,
      imagePullSecrets: props.imagePullSecrets?.map(name => ({ name })),
    },
    podSecurity: { seccompProfile: { type: security.seccompProfile } },
    revisionHistoryLimit: resolved.rollout.revisionHistoryLimit,
  });
  deployment.addContainer({
    name: resolved.name,
    image: props.image,
    imagePullPolicy: resolved.image.pullPolicy,
    command: props.command,
    args: props.args,
    ports: resolved.ports.map(({ name, port, protocol = Protocol.TCP }) => ({ name, number: port, protocol })),
    envVariables: resolved.environment,
    envFrom: props.environmentFrom,
    volumeMounts: [...writable, ...props.volumeMounts ?? []],
    resources: resolved.resources,
  });
  props.sidecars?.forEach(sidecar => deployment.addContainer(sidecar));
  props.initContainers?.forEach(container => deployment.addInitContainer(container));
  return deployment;
}

function withVersion(metadata: ApiObjectMetadata, version?: string): ApiObjectMetadata {
  return version ? { ...metadata, labels: { 'app.kubernetes.io/version': version, ...metadata.labels } } : metadata;
}

/** Nothing in these directories is worth keeping a node for. */
function safeToEvict(volumes: Map<string, string>): Record<string, string> {
  return volumes.size > 0 ? { 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': [...volumes.keys()].join(',') } : {};
}
