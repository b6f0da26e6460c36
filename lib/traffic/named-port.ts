import { Protocol } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';
import { isPortName, isQualifiedKey } from '../private/names';

/**
 * A further port of the pods.
 */
export interface NamedPort {
  /**
   * Its name: at most 15 lower case letters, digits and '-'.
   */
  readonly name: string;

  /**
   * The port that the container listens on.
   */
  readonly port: number;

  /**
   * The port of the Service.
   *
   * @default - the same as `port`
   */
  readonly servicePort?: number;

  /**
   * Whether the Service passes traffic to it. Metrics and admin ports often need none of the Service.
   *
   * @default true
   */
  readonly exposed?: boolean;

  /**
   * The transport protocol.
   *
   * @default Protocol.TCP
   */
  readonly protocol?: Protocol;

  /**
   * What it speaks, for load balancers and meshes that ask: `http`, `kubernetes.io/h2c`, `grpc`, ...
   *
   * @default - not said
   * @see https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
   */
  readonly appProtocol?: string;
}

/** A port of the pods that the Service passes traffic to. */
export interface ExposedPort extends NamedPort {
  readonly servicePort: number;
}

/** Checks the main port, which comes first, and the others together. */
export function inspectPorts(inspection: Inspection, ports: NamedPort[]): void {
  ports.forEach(({ name, port, servicePort, protocol, appProtocol }, index) => {
    const prop = index === 0 ? 'port' : `additionalPorts.${name}`;
    inspection.integer(prop, port, 1, 65535);
    if (servicePort !== undefined) {
      inspection.integer(index === 0 ? 'loadBalancing.port' : `${prop}.servicePort`, servicePort, 1, 65535);
    }
    if (typeof name !== 'string' || !isPortName(name)) {
      inspection.fault(index === 0 ? 'portName' : 'additionalPorts', name, 'is no port name',
        "use at most 15 lower case letters, digits and '-', with a letter, and none of '-' at an end or twice in a row");
    }
    if (protocol !== undefined && !Object.values(Protocol).includes(protocol)) {
      inspection.fault(`${prop}.protocol`, protocol, 'is no transport protocol', `use one of ${Object.values(Protocol).join(', ')}`);
    }
    if (appProtocol !== undefined && !(typeof appProtocol === 'string' && isQualifiedKey(appProtocol))) {
      inspection.fault(index === 0 ? 'loadBalancing.appProtocol' : `${prop}.appProtocol`, appProtocol, 'is no protocol name',
        "give one such as 'http', 'grpc' or 'kubernetes.io/h2c'");
    }
  });
  const unique = (what: string, values: string[]) => {
    for (const value of new Set(values.filter((v, index) => values.indexOf(v) !== index))) {
      inspection.fault('additionalPorts', value, `is the ${what} of two ports`, 'give each its own');
    }
  };
  unique('name', ports.map(({ name }) => name));
  unique('container port', ports.map(({ port, protocol = Protocol.TCP }) => `${port}/${protocol}`));
  unique('Service port', exposedPorts(ports).map(({ servicePort, protocol = Protocol.TCP }) => `${servicePort}/${protocol}`));
}

/** The ports that the Service passes traffic to. */
export function exposedPorts(ports: NamedPort[]): ExposedPort[] {
  return ports.filter(({ exposed = true }) => exposed).map(port => ({ ...port, servicePort: port.servicePort ?? port.port }));
}
