import { ApiObject, ApiObjectMetadata } from 'cdk8s';
import { IPodSelector, k8s, Protocol, Service } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ServiceSettings } from './load-balancing';
import { ExposedPort } from './named-port';
import { amendManifest } from '../private/manifest';

/** A Service with the fields that cdk8s-plus has no words for. */
export class LoadBalancedService extends Service {
  private readonly exposed: Map<string, ExposedPort>;

  constructor(
    scope: Construct, metadata: ApiObjectMetadata, selector: IPodSelector, private readonly settings: ServiceSettings, exposed: ExposedPort[],
  ) {
    super(scope, 'Service', {
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...settings.annotations } },
      selector,
      type: settings.type,
      ports: exposed.map(({ name, port, servicePort, protocol }) => ({
        // The protocol is part of the key by which server-side apply tells ports apart.
        name, port: servicePort, targetPort: port, protocol: protocol ?? Protocol.TCP,
      })),
    });
    this.exposed = new Map(exposed.map(port => [key(port.servicePort, port.protocol), port]));
    const { trafficDistribution } = settings;
    if (trafficDistribution) {
      amendManifest(ApiObject.of(this), manifest => ({ ...manifest, spec: { ...manifest.spec, trafficDistribution } }));
    }
  }

  /** @internal */
  public _toKube(): k8s.ServiceSpec {
    // An empty list, since nothing here can fill it.
    const { externalIPs: _, ...spec } = super._toKube();
    return {
      ...spec,
      ...this.settings.spec,
      ports: spec.ports?.map(port => {
        const exposed = this.exposed.get(key(port.port, port.protocol));
        // By name, so that pods of an old and a new version may listen on different ports during a rollout.
        return exposed ? { ...port, targetPort: k8s.IntOrString.fromString(exposed.name), appProtocol: exposed.appProtocol } : port;
      }),
    };
  }
}

function key(port: number, protocol: string = Protocol.TCP): string {
  return `${port}/${protocol}`;
}
