import { ApiObject, Chart, Duration, JsonPatch, Size } from 'cdk8s';
import {
  Capability, ConfigMap, ContainerProps, Cpu, Deployment, DeploymentStrategy, Env, EnvValue, HorizontalPodAutoscaler, ImagePullPolicy, k8s,
  LabelSelector, Metric, MetricTarget, NetworkPolicy, PercentOrAbsolute, Pods, Probe, Protocol, Replicas, ScalingStrategy, Service, ServiceAccount,
  Volume,
} from 'cdk8s-plus-28';

const PORT = 8080;
const DRAIN_SECONDS = 15;
const NAME_LABEL = 'app.kubernetes.io/name';
const CONTAINER = '/spec/template/spec/containers/0';
const POD = '/spec/template/spec';

/** What cdk8s-plus has no words for in a pod, and what it says too much. */
const POD_PATCHES = [
  JsonPatch.remove('/spec/template/metadata/labels/cdk8s.io~1metadata.addr'),
  JsonPatch.remove(`${POD}/securityContext/fsGroupChangePolicy`),
  JsonPatch.remove(`${POD}/hostNetwork`),
  JsonPatch.add(`${POD}/securityContext/seccompProfile`, { type: 'RuntimeDefault' }),
  JsonPatch.add(`${POD}/enableServiceLinks`, false),
  JsonPatch.add(`${POD}/tolerations`, ['not-ready', 'unreachable'].map(condition => (
    { key: `node.kubernetes.io/${condition}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 25 }
  ))),
  // Patches come before the schema, which wants its own wrapper objects: plain values would vanish.
  JsonPatch.add(`${CONTAINER}/resources/requests/ephemeral-storage`, { value: '128Mi' }),
  JsonPatch.add(`${CONTAINER}/lifecycle`, { preStop: {} }),
];

/** What the schema of Kubernetes 1.28 drops, so that it has to be put back afterwards. */
const NEWER_FIELDS = [
  JsonPatch.add(`${CONTAINER}/lifecycle/preStop/sleep`, { seconds: DRAIN_SECONDS }),
  JsonPatch.add(`${POD}/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/matchLabelKeys`, ['pod-template-hash']),
];

/**
 * The same objects as a `HighAvailabilityService` without further props makes, as an engineer writes them who knows cdk8s-plus-28 well: its classes as far as
 * they go, JSON patches for the rest.
 */
export function declareService(chart: Chart, name: string, configuration?: ConfigMap): void {
  const selector = { [NAME_LABEL]: name };
  const labels = { ...selector, 'app.kubernetes.io/instance': name, 'app.kubernetes.io/managed-by': 'cdk8s' };
  const metadata = { name, labels };
  const serviceAccount = new ServiceAccount(chart, `${name}-account`, { metadata });
  const deployment = declareDeployment(chart, name, labels, serviceAccount, configuration);

  const policy = new NetworkPolicy(chart, `${name}-policy`, { metadata, selector: Pods.select(chart, `${name}-pods`, { labels: selector }) });
  ApiObject.of(policy).addJsonPatch(
    JsonPatch.add('/spec/ingress', [{ ports: [{ port: { value: PORT }, protocol: 'TCP' }] }]),
    JsonPatch.add('/spec/policyTypes', ['Ingress']),
  );

  const service = new Service(chart, `${name}-service`, { metadata, ports: [{ name: 'http', port: 80, protocol: Protocol.TCP }] });
  service.selectLabel(NAME_LABEL, name);
  ApiObject.of(service).addJsonPatch(
    JsonPatch.remove('/spec/externalIPs'),
    JsonPatch.add('/spec/ports/0/targetPort', { value: 'http' }),
  );

  new k8s.KubePodDisruptionBudget(chart, `${name}-budget`, {
    metadata,
    spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: selector }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  });

  new HorizontalPodAutoscaler(chart, `${name}-autoscaler`, {
    metadata,
    target: deployment,
    minReplicas: 3,
    maxReplicas: 9,
    metrics: [Metric.resourceCpu(MetricTarget.averageUtilization(65))],
    scaleUp: {
      strategy: ScalingStrategy.MAX_CHANGE,
      stabilizationWindow: Duration.seconds(0),
      policies: [
        { replicas: Replicas.percent(100), duration: Duration.seconds(15) },
        { replicas: Replicas.absolute(4), duration: Duration.seconds(15) },
      ],
    },
    scaleDown: {
      strategy: ScalingStrategy.MAX_CHANGE,
      stabilizationWindow: Duration.minutes(5),
      policies: [{ replicas: Replicas.percent(25), duration: Duration.minutes(1) }],
    },
  });
}

function declareDeployment(
  chart: Chart, name: string, common: Record<string, string>, serviceAccount: ServiceAccount, configuration?: ConfigMap,
): Deployment {
  const labels = { ...common, 'app.kubernetes.io/version': '1.4.2' };
  const selector = { [NAME_LABEL]: name };
  const deployment = new Deployment(chart, `${name}-deployment`, {
    metadata: { name, labels },
    podMetadata: { labels, annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': 'tmp' } },
    select: false,
    serviceAccount,
    securityContext: { user: 65532, group: 65532 },
    terminationGracePeriod: Duration.seconds(50),
    minReady: Duration.seconds(10),
    progressDeadline: Duration.seconds(600),
    strategy: DeploymentStrategy.rollingUpdate({ maxSurge: PercentOrAbsolute.percent(25), maxUnavailable: PercentOrAbsolute.absolute(0) }),
    containers: [containerOf(chart, name, configuration)],
  });
  deployment.select(LabelSelector.of({ labels: selector }));

  const object = ApiObject.of(deployment);
  const labelSelector = { matchLabels: selector };
  object.addJsonPatch(
    ...POD_PATCHES,
    JsonPatch.add(`${POD}/topologySpreadConstraints`, [{
      topologyKey: 'topology.kubernetes.io/zone',
      maxSkew: 1,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector,
      matchLabelKeys: ['pod-template-hash'],
      nodeTaintsPolicy: 'Honor',
    }]),
    JsonPatch.add(`${POD}/affinity`, {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector } }],
      },
    }),
  );
  const render = object.toJson.bind(object);
  object.toJson = () => JsonPatch.apply(render(), ...NEWER_FIELDS);
  return deployment;
}

function containerOf(chart: Chart, name: string, configuration?: ConfigMap): ContainerProps {
  return {
    name,
    image: 'ghcr.io/acme/web:1.4.2',
    imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT,
    ports: [{ name: 'http', number: PORT, protocol: Protocol.TCP }],
    envVariables: { HOME: EnvValue.fromValue('/tmp') },
    envFrom: configuration && [Env.fromConfigMap(configuration)],
    startup: Probe.fromTcpSocket({ port: PORT, periodSeconds: Duration.seconds(2), timeoutSeconds: Duration.seconds(2), failureThreshold: 60 }),
    readiness: Probe.fromTcpSocket({ port: PORT, periodSeconds: Duration.seconds(5), timeoutSeconds: Duration.seconds(2), failureThreshold: 3 }),
    liveness: Probe.fromTcpSocket({ port: PORT, periodSeconds: Duration.seconds(10), timeoutSeconds: Duration.seconds(5), failureThreshold: 6 }),
    resources: {
      cpu: { request: Cpu.millis(250), limit: Cpu.units(1) },
      memory: { request: Size.mebibytes(512), limit: Size.mebibytes(512) },
      ephemeralStorage: { limit: Size.gibibytes(2) },
    },
    securityContext: { capabilities: { drop: [Capability.ALL] } },
    volumeMounts: [{ path: '/tmp', volume: Volume.fromEmptyDir(chart, `${name}-tmp`, 'tmp', { sizeLimit: Size.mebibytes(512) }) }],
  };
}
