import { Container, ContainerPort, ContainerProps, ContainerResources, ContainerRestartPolicy, VolumeMount } from 'cdk8s-plus-28';
import { KubernetesVersion } from '../kubernetes-version';
import { isImageReference } from './image';
import { inspectAmounts, SIDECAR_RESOURCES } from './resources';
import { Inspection } from '../private/inspection';
import { isLabel, isPortName } from '../private/names';
import { ScalingMetric } from '../scaling/scaling-metric';

/** What the checks read of a container, whether it is declared or made. */
export type ContainerFacts = Pick<ContainerProps, 'name' | 'image' | 'resources' | 'restartPolicy'> & Pick<Partial<Container>, 'mounts' | 'ports'> & {
  /** The probes that it declares, if it is to run to its end. */
  readonly probes?: string[];

  /** The port of its deprecated prop, if it is given beside the one that took its place. */
  readonly deprecatedPort?: number;
};

/** cdk8s-plus's name for a container that gives none. */
const DEFAULT_NAME = 'main';

const PROBES = ['startup', 'readiness', 'liveness'] as const;

/** The first version that runs native sidecars without a feature gate: KEP-753. */
const NATIVE_SIDECARS = '1.29';

/** A container of the props, as it will be made. */
export function declaredFacts(props: ContainerProps): ContainerFacts {
  const { name = DEFAULT_NAME, image, resources = SIDECAR_RESOURCES, restartPolicy, port, portNumber, ports = [], volumeMounts } = props;
  const number = portNumber ?? port;
  return {
    name,
    image,
    resources,
    restartPolicy,
    mounts: volumeMounts,
    ports: number === undefined ? ports : [{ number }, ...ports],
    deprecatedPort: portNumber === undefined ? undefined : port,
  };
}

/** An init container of the props, as it will be made. */
export function declaredInitFacts(props: ContainerProps, index: number): ContainerFacts {
  const probes = PROBES.filter(probe => props.restartPolicy === undefined && props[probe] !== undefined);
  return { ...declaredFacts({ ...props, name: props.name ?? `init-${index}` }), probes };
}

/** Checks the containers of a pod, of which the first is the service's own, against one another and against what the autoscaler measures. */
export function inspectContainers(
  inspection: Inspection, containers: ContainerFacts[], initContainers: ContainerFacts[], metrics: ScalingMetric[], version: KubernetesVersion,
): void {
  const all = [...containers, ...initContainers];
  inspectNames(inspection, all);
  inspectSharedPorts(inspection, containers);
  inspectVolumes(inspection, all);
  for (const { name, image, resources, ports = [], probes = [], deprecatedPort } of all.slice(1)) {
    inspectPorts(inspection, `container ${name}.ports`, ports);
    if (deprecatedPort !== undefined) {
      inspection.fault(`container ${name}.port`, deprecatedPort, 'is given beside portNumber', 'give one of the two');
    }
    for (const probe of probes) {
      inspection.fault(`container ${name}.${probe}`, 'a probe', 'is for containers that go on running only', 'leave it out, or set restartPolicy ALWAYS');
    }
    if (!image) {
      inspection.fault(`container ${name}`, image, 'has no image', 'name one');
    } else if (!isImageReference(image)) {
      inspection.fault(`container ${name}.image`, image, 'is no image reference', "give one such as 'registry.example.com/team/proxy:1.4.2'");
    }
    inspectAmounts(inspection, `container ${name}.resources`, resources ?? {});
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

function inspectPorts(inspection: Inspection, prop: string, ports: ContainerPort[]): void {
  const keys = ports.map(({ number, protocol = 'TCP' }) => `${number}/${protocol}`);
  const names = ports.map(({ name }) => name);
  ports.forEach(({ name, number }, index) => {
    inspection.integer(prop, number, 1, 65535);
    if (keys.indexOf(keys[index]) < index) {
      inspection.fault(prop, keys[index], 'is given twice', 'give each port once');
    }
    if (name !== undefined && !isPortName(name)) {
      inspection.fault(prop, name, 'is no port name', "use at most 15 lower case letters, digits and '-', with a letter");
    } else if (name !== undefined && names.indexOf(name) < index) {
      inspection.fault(prop, name, 'is the name of two ports', 'give each its own');
    }
  });
}

/** All containers of a pod share its volumes, which go by their names. */
function inspectVolumes(inspection: Inspection, containers: ContainerFacts[]): void {
  const volumes = new Map<string, VolumeMount['volume']>();
  for (const { name = DEFAULT_NAME, mounts = [] } of containers) {
    inspectMountPaths(inspection, `container ${name}.volumeMounts`, mounts.filter(mount => mount?.volume).map(({ path }) => path));
    for (const mount of mounts) {
      if (!mount?.volume) {
        inspection.fault(`container ${name}.volumeMounts`, mount?.path, 'has no volume', "give { path: '/data', volume: Volume.from...(...) }");
        continue;
      }
      const { volume } = mount;
      if ((volumes.get(volume.name) ?? volume) !== volume) {
        inspection.fault(`container ${name}.volumeMounts`, volume.name, 'is the name of two volumes of one pod', 'give each its own name, or mount the same one twice');
      }
      volumes.set(volume.name, volume);
    }
  }
}

/** Checks where volumes are mounted in one container. */
export function inspectMountPaths(inspection: Inspection, prop: string, paths: string[]): void {
  paths.forEach((path, index) => {
    if (!/^\/[^:]*$/.test(path)) {
      inspection.fault(prop, path, 'is no absolute path', "begin with '/', and use no ':'");
    }
    if (paths.indexOf(path) < index) {
      inspection.fault(prop, path, 'is mounted twice', 'mount one volume per path');
    }
  });
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
