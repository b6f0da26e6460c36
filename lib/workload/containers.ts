import { Container, ContainerProps, ContainerResources, ContainerRestartPolicy } from 'cdk8s-plus-28';
import { KubernetesVersion } from '../kubernetes-version';
import { SIDECAR_RESOURCES } from './resources';
import { Inspection } from '../private/inspection';
import { isLabel } from '../private/names';
import { ScalingMetric } from '../scaling/scaling-metric';

/** What the checks read of a container, whether it is declared or made. */
export type ContainerFacts = Pick<ContainerProps, 'name' | 'image' | 'resources' | 'restartPolicy'> & Pick<Partial<Container>, 'ports'>;

/** cdk8s-plus's name for a container that gives none. */
const DEFAULT_NAME = 'main';

/** The first version that runs native sidecars without a feature gate: KEP-753. */
const NATIVE_SIDECARS = '1.29';

/** A container of the props, as it will be made. */
export function declaredFacts(props: ContainerProps): ContainerFacts {
  const numbers = [props.portNumber ?? props.port, ...props.ports ?? []].filter(port => port !== undefined);
  return {
    name: props.name ?? DEFAULT_NAME,
    image: props.image,
    resources: props.resources ?? SIDECAR_RESOURCES,
    restartPolicy: props.restartPolicy,
    ports: numbers.map(port => typeof port === 'number' ? { number: port } : port),
  };
}

/** An init container of the props, as it will be made. */
export function declaredInitFacts(props: ContainerProps, index: number): ContainerFacts {
  return declaredFacts({ ...props, name: props.name ?? `init-${index}` });
}

/** Checks the containers of a pod, of which the first is the service's own, against one another and against what the autoscaler measures. */
export function inspectContainers(
  inspection: Inspection, containers: ContainerFacts[], initContainers: ContainerFacts[], metrics: ScalingMetric[], version: KubernetesVersion,
): void {
  const all = [...containers, ...initContainers];
  inspectNames(inspection, all);
  inspectSharedPorts(inspection, containers);
  for (const { name, image } of all.slice(1).filter(container => !container.image)) {
    inspection.fault(`container ${name}`, image, 'has no image', 'name one');
  }
  const native = initContainers.filter(container => container.restartPolicy === ContainerRestartPolicy.ALWAYS);
  for (const { name } of native) {
    version._require(inspection, 'initContainers', `${name} (restartPolicy ALWAYS)`, NATIVE_SIDECARS, 'make it one of sidecars instead');
  }
  for (const { name } of containers.filter(container => container.restartPolicy)) {
    inspection.fault(`container ${name}`, 'restartPolicy ALWAYS', 'is for init containers only', 'leave it out, or move the container to initContainers');
  }
  for (const metric of metrics) {
    inspectRequests(inspection, [...containers, ...native], metric);
  }
}

function inspectNames(inspection: Inspection, all: ContainerFacts[]): void {
  const names = all.map(({ name = DEFAULT_NAME }) => name);
  for (const name of new Set(names)) {
    if (name !== names[0] && !isLabel(name)) {
      inspection.fault('container', name, 'is no container name', "use at most 63 lower case letters, digits and '-'");
    }
    if (names.indexOf(name) !== names.lastIndexOf(name)) {
      inspection.fault('container', name, 'is the name of two containers of one pod', 'give each its own name');
    }
  }
}

/** All containers of a pod share one network, and so its ports. */
function inspectSharedPorts(inspection: Inspection, containers: ContainerFacts[]): void {
  const owners = new Map<string, string>();
  for (const { name = DEFAULT_NAME, ports = [] } of containers) {
    for (const { number, protocol = 'TCP' } of ports) {
      const key = `${number}/${protocol}`;
      const owner = owners.get(key);
      if (owner !== undefined && owner !== name) {
        inspection.fault(`container ${name}`, key, `is a port of the container ${owner} of the same pod as well`, 'give each its own port');
      }
      owners.set(key, name);
    }
  }
}

function inspectRequests(inspection: Inspection, containers: ContainerFacts[], { _resource: resource }: ScalingMetric): void {
  if (!resource?.againstRequest) {
    return;
  }
  const without = containers.filter(({ resources }) => !requested(resources, resource.name)).map(({ name }) => name);
  if (without.length > 0) {
    inspection.finding('HA-A3', {
      message: `scalingMetrics: ${resource.name} use is measured against the request, but ${without.join(', ')} requests none: the autoscaler would do nothing at all`,
      remedy: `give every container a ${resource.name} request, or measure an absolute amount`,
    });
  }
}

/** A limit alone is a request, too. */
function requested(resources: ContainerResources | undefined, name: 'cpu' | 'memory'): boolean {
  return (resources?.[name]?.request ?? resources?.[name]?.limit) !== undefined;
}
