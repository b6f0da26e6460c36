import { ApiObjectMetadata } from 'cdk8s';
import {
  ContainerRestartPolicy, Deployment, INetworkPolicyPeer, IPodSelector, k8s, NetworkPolicy, NetworkPolicyPort, NetworkProtocol, Protocol, Service,
} from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { RestrictedAccessOptions } from './network-access';

/** Where cluster DNS answers, whatever its pods are called. */
const DNS: k8s.NetworkPolicyEgressRule = {
  ports: [
    { port: k8s.IntOrString.fromNumber(53), protocol: 'UDP' },
    { port: k8s.IntOrString.fromNumber(53), protocol: 'TCP' },
  ],
};

/**
 * Lets anyone in until the first peer is named, which cdk8s-plus has no rule for: its rules need a peer, and an address range misses IPv6 and, with some
 * network plugins, pods.
 */
export class ServiceNetworkPolicy extends NetworkPolicy {
  private ingressRules = 0;
  private narrowedOut = false;

  /** Which of the ingress rules are about the ports of the service. */
  private readonly onServicePorts = new Set<number>();

  /**
   * @param ports of the service; read when the app is synthesized, since containers can be added until then
   */
  constructor(
    scope: Construct, metadata: ApiObjectMetadata, selector: IPodSelector,
    private readonly access: RestrictedAccessOptions, private readonly ports: () => NetworkPolicyPort[],
  ) {
    super(scope, 'NetworkPolicy', { metadata, selector });
    this.narrowedOut = access.to !== undefined;
    access.from?.forEach(peer => this.allowFrom(peer));
    access.to?.forEach(peer => this.addEgressRule(peer));
  }

  /** Lets a peer connect to the ports of the service. */
  public allowFrom(peer: INetworkPolicyPeer): void {
    this.onServicePorts.add(this.ingressRules);
    this.addIngressRule(peer);
  }

  public addIngressRule(peer: INetworkPolicyPeer, ports?: NetworkPolicyPort[]): void {
    this.ingressRules += 1;
    super.addIngressRule(peer, ports);
  }

  public addEgressRule(peer: INetworkPolicyPeer, ports?: NetworkPolicyPort[]): void {
    this.narrowedOut = true;
    super.addEgressRule(peer, ports);
  }

  /** @internal */
  public _toKube(): k8s.NetworkPolicySpec {
    const spec = super._toKube();
    const ports = this.ports().map(port => port._toKube());
    const anyoneIn = this.access.from === undefined && this.ingressRules === 0;
    return {
      ...spec,
      ingress: anyoneIn
        ? [{ ports }]
        : spec.ingress?.map((rule, index) => this.onServicePorts.has(index) ? { ...rule, ports } : withoutEmptyPorts(rule)),
      egress: this.narrowedOut ? [DNS, ...(spec.egress ?? []).map(withoutEmptyPorts)] : undefined,
      policyTypes: ['Ingress', ...(this.narrowedOut ? ['Egress'] : [])],
    };
  }
}

/**
 * All ports that the pods listen on, whether the Service passes traffic to them or not: scrapers go to the pods. As they are now: containers and Service ports
 * can be added until the app is synthesized.
 */
export function listeningPorts({ containers, initContainers }: Deployment, service: Service): NetworkPolicyPort[] {
  const running = [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === ContainerRestartPolicy.ALWAYS)];
  const ports = [
    ...running.flatMap(container => container.ports),
    ...service.ports.map(({ port, targetPort, protocol }) => ({ number: targetPort ?? port, protocol })),
  ];
  const unique = new Map(ports.map(({ number, protocol = Protocol.TCP }) => [`${number}/${protocol}`, { port: number, protocol: NetworkProtocol[protocol] }]));
  return [...unique.values()].map(port => NetworkPolicyPort.of(port));
}

/** cdk8s-plus writes an empty list for "all ports", which the API server takes, but does not keep. */
function withoutEmptyPorts<T extends { ports?: k8s.NetworkPolicyPort[] }>(rule: T): T {
  return { ...rule, ports: rule.ports?.length ? rule.ports : undefined };
}
