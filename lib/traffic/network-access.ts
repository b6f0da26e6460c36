import { INetworkPolicyPeer } from 'cdk8s-plus-28';

/**
 * With whom the pods may speak.
 */
export interface RestrictedAccessOptions {
  /**
   * Who may connect to the service's ports. The kubelet's probes come from the pod's own node, which Kubernetes always lets through.
   *
   * @default - anyone
   */
  readonly from?: INetworkPolicyPeer[];

  /**
   * To whom the pods may connect. DNS is always among them.
   *
   * @default - anyone
   */
  readonly to?: INetworkPolicyPeer[];
}

/**
 * With whom the pods may speak over the network.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class NetworkAccess {
  /**
   * Anyone may connect, to the declared ports only; the pods may connect to anyone. Policies add up: in a namespace that denies by default this opens the
   * declared ports. Use `unmanaged()` where the namespace's own policies decide.
   */
  public static open(): NetworkAccess {
    return new NetworkAccess(true, {});
  }

  /**
   * Only these may connect, to the declared ports only.
   */
  public static restricted(options: RestrictedAccessOptions): NetworkAccess {
    return new NetworkAccess(true, options ?? {});
  }

  /**
   * No policy of the service's own.
   */
  public static unmanaged(): NetworkAccess {
    return new NetworkAccess(false, {});
  }

  private constructor(
    /** @internal */
    public readonly _managed: boolean,
    /** @internal */
    public readonly _options: RestrictedAccessOptions,
  ) {
  }
}
