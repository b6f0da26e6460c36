import { ApiObjectMetadata } from 'cdk8s';
import { INetworkPolicyPeer, IPodSelector, k8s, NetworkPolicy, NetworkPolicyPort } from 'cdk8s-plus-28';
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
  private anyoneIn = true;
  private narrowedOut = false;

  constructor(
    scope: Construct, metadata: ApiObjectMetadata, selector: IPodSelector,
    access: RestrictedAccessOptions, private readonly ports: NetworkPolicyPort[],
  ) {
    super(scope, 'NetworkPolicy', { metadata, selector });
    this.anyoneIn = access.from === undefined;
    this.narrowedOut = access.to !== undefined;
    access.from?.forEach(peer => this.addIngressRule(peer, ports));
    access.to?.forEach(peer => this.addEgressRule(peer));
  }

  public addIngressRule(peer: INetworkPolicyPeer, ports?: NetworkPolicyPort[]): void {
    this.anyoneIn = false;
    super.addIngressRule(peer, ports);
  }

  public addEgressRule(peer: INetworkPolicyPeer, ports?: NetworkPolicyPort[]): void {
    this.narrowedOut = true;
    super.addEgressRule(peer, ports);
  }

  /** @internal */
  public _toKube(): k8s.NetworkPolicySpec {
    const spec = super._toKube();
    return {
      ...spec,
      ingress: this.anyoneIn ? [{ ports: this.ports.map(port => port._toKube()) }] : spec.ingress?.map(withoutEmptyPorts),
      egress: this.narrowedOut ? [DNS, ...(spec.egress ?? []).map(withoutEmptyPorts)] : undefined,
      policyTypes: ['Ingress', ...(this.narrowedOut ? ['Egress'] : [])],
    };
  }
}

/** cdk8s-plus writes an empty list for "all ports", which the API server takes, but does not keep. */
function withoutEmptyPorts<T extends { ports?: k8s.NetworkPolicyPort[] }>(rule: T): T {
  return { ...rule, ports: rule.ports?.length ? rule.ports : undefined };
}
