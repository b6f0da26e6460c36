import { isIP } from 'net';
import { k8s, ServiceType } from 'cdk8s-plus-28';
import { KubernetesVersion } from '../kubernetes-version';
import { SessionAffinity } from './session-affinity';
import { Inspection } from '../private/inspection';
import { checkKeys, isQualifiedKey } from '../private/names';

/**
 * Which nodes pass traffic on.
 */
export enum TrafficPolicy {
  /** Every node, to any pod. */
  CLUSTER = 'Cluster',

  /** Only nodes with a pod, and only to that pod. From outside, the pod then sees the client's address. */
  LOCAL = 'Local',
}

/**
 * Which addresses a Service has.
 */
export enum IpFamily {
  /** IPv4 */
  IPV4 = 'IPv4',

  /** IPv6 */
  IPV6 = 'IPv6',
}

/**
 * How many address families a Service uses.
 */
export enum IpFamilyPolicy {
  /** One. */
  SINGLE_STACK = 'SingleStack',

  /** Both where the cluster has both. */
  PREFER_DUAL_STACK = 'PreferDualStack',

  /** Both, or the API server refuses the Service. */
  REQUIRE_DUAL_STACK = 'RequireDualStack',
}

/**
 * To which pods traffic goes first.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#traffic-distribution
 */
export enum TrafficDistribution {
  /** Pods that are near: in the same zone. Needs Kubernetes 1.31. */
  PREFER_CLOSE = 'PreferClose',

  /** Pods in the same zone. Needs Kubernetes 1.34. */
  PREFER_SAME_ZONE = 'PreferSameZone',

  /** Pods on the same node. Needs Kubernetes 1.34. */
  PREFER_SAME_NODE = 'PreferSameNode',
}

/**
 * How the Service spreads connections over the pods.
 *
 * It spreads *connections*, at random: a Service cannot choose another algorithm, and requests on one HTTP/2 or gRPC connection all go to one pod. Round
 * robin and least request are what an ingress controller or a service mesh does.
 */
export interface LoadBalancingOptions {
  /**
   * The Service's port.
   *
   * @default 80
   */
  readonly port?: number;

  /**
   * What the main port speaks, for load balancers and meshes that ask: `http`, `kubernetes.io/h2c`, `grpc`, ...
   *
   * @default - not said
   * @see https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
   */
  readonly appProtocol?: string;

  /**
   * Annotations of the Service.
   *
   * @default - none
   */
  readonly annotations?: Record<string, string>;

  /**
   * Which connections stay with the same pod.
   *
   * @default - none do
   */
  readonly sessionAffinity?: SessionAffinity;

  /**
   * Which nodes pass on traffic from inside the cluster.
   *
   * @default - every node (`TrafficPolicy.CLUSTER`)
   */
  readonly internalTrafficPolicy?: TrafficPolicy;

  /**
   * To which pods traffic from inside the cluster goes first.
   *
   * @default - all pods alike
   */
  readonly trafficDistribution?: TrafficDistribution;

  /**
   * The address families, the first one first.
   *
   * @default - the cluster's
   */
  readonly ipFamilies?: IpFamily[];

  /**
   * How many address families are used.
   *
   * @default - one
   */
  readonly ipFamilyPolicy?: IpFamilyPolicy;
}

/**
 * What a load balancer outside of the cluster does.
 */
export interface ExternalLoadBalancingOptions extends LoadBalancingOptions {
  /**
   * Which implementation makes the load balancer.
   *
   * @default - the cluster's default
   */
  readonly loadBalancerClass?: string;

  /**
   * From which addresses (CIDRs) connections are accepted.
   *
   * @default - from everywhere
   */
  readonly sourceRanges?: string[];

  /**
   * Which nodes pass on traffic from outside.
   *
   * @default - every node (`TrafficPolicy.CLUSTER`)
   */
  readonly externalTrafficPolicy?: TrafficPolicy;
}

/** The Service that the props ask for. */
export interface ServiceSettings {
  readonly type: ServiceType;
  readonly port: number;
  readonly appProtocol?: string;
  readonly annotations: Record<string, string>;
  readonly spec: k8s.ServiceSpec;

  /** Not in the 1.28 schema. */
  readonly trafficDistribution?: TrafficDistribution;
}

/** What the checks need to know of the rest of the service. */
export interface LoadBalancingContext {
  readonly version: KubernetesVersion;
  readonly drainSeconds: number;
  readonly floor: number;
}

/** Load balancers of clouds go on sending for about this long. */
const EXTERNAL_DRAIN_SECONDS = 15;

type Reach = 'cluster' | 'internal' | 'external';

/**
 * From where the service can be reached.
 */
export class LoadBalancing {
  /**
   * From inside the cluster only.
   */
  public static cluster(options: LoadBalancingOptions = {}): LoadBalancing {
    return new LoadBalancing('cluster', options);
  }

  /**
   * Through a load balancer with a public address.
   */
  public static external(options: ExternalLoadBalancingOptions = {}): LoadBalancing {
    return new LoadBalancing('external', options);
  }

  /**
   * Through a load balancer with a private address. Kubernetes itself has no word for that: `annotations` or `loadBalancerClass` must say it in your
   * platform's words, or the address would be public.
   */
  public static internal(options: ExternalLoadBalancingOptions): LoadBalancing {
    return new LoadBalancing('internal', options);
  }

  private constructor(private readonly reach: Reach, private readonly options: ExternalLoadBalancingOptions = {}) {
  }

  /** @internal */
  public _bind(inspection: Inspection, context: LoadBalancingContext): ServiceSettings {
    const { port = 80, annotations = {}, sessionAffinity, trafficDistribution, loadBalancerClass, appProtocol } = this.options;
    checkKeys(inspection, 'loadBalancing.annotations', annotations);
    if (this.reach === 'cluster') {
      this.inspectWithoutLoadBalancer(inspection);
    } else {
      this.inspectLoadBalancer(inspection, context);
    }
    if (trafficDistribution) {
      context.version._require(inspection, 'loadBalancing.trafficDistribution', trafficDistribution,
        trafficDistribution === TrafficDistribution.PREFER_CLOSE ? '1.31' : '1.34', 'leave it out, or name the newer version if the cluster has it');
      if (context.floor < 9) {
        inspection.finding('HA-G4', {
          message: `loadBalancing.trafficDistribution: ${context.floor} pods are few per zone: the callers of one zone can overload the pods of that zone while others idle`,
          remedy: 'leave it out, or run 9 pods or more',
        });
      }
    }
    this.inspectFamilies(inspection);
    return {
      type: this.reach === 'cluster' ? ServiceType.CLUSTER_IP : ServiceType.LOAD_BALANCER,
      port,
      appProtocol,
      annotations,
      trafficDistribution,
      spec: {
        ...sessionAffinity?._bind(inspection),
        internalTrafficPolicy: this.options.internalTrafficPolicy,
        externalTrafficPolicy: this.options.externalTrafficPolicy,
        ipFamilies: this.options.ipFamilies,
        ipFamilyPolicy: this.options.ipFamilyPolicy,
        loadBalancerClass,
        loadBalancerSourceRanges: this.options.sourceRanges,
      },
    };
  }

  /** An object with more than its type says passes the compiler. */
  private inspectWithoutLoadBalancer(inspection: Inspection): void {
    const { loadBalancerClass, sourceRanges, externalTrafficPolicy } = this.options;
    for (const [option, value] of Object.entries({ loadBalancerClass, sourceRanges, externalTrafficPolicy }).filter(([, v]) => v !== undefined)) {
      inspection.fault(`loadBalancing.${option}`, value, 'needs a load balancer outside of the cluster', 'use LoadBalancing.external() or LoadBalancing.internal(), or leave it out');
    }
  }

  private inspectLoadBalancer(inspection: Inspection, { drainSeconds }: LoadBalancingContext): void {
    const { annotations = {}, loadBalancerClass, sourceRanges, externalTrafficPolicy } = this.options;
    if (this.reach === 'internal' && loadBalancerClass === undefined && Object.keys(annotations).length === 0) {
      inspection.fault('loadBalancing', 'LoadBalancing.internal()', 'names neither annotations nor a loadBalancerClass, so the address would be public on most platforms',
        "say 'internal' in your platform's words; with the AWS Load Balancer Controller: loadBalancerClass: 'service.k8s.aws/nlb', "
        + "annotations: { 'service.beta.kubernetes.io/aws-load-balancer-scheme': 'internal' }");
    }
    if (loadBalancerClass !== undefined && !(typeof loadBalancerClass === 'string' && isQualifiedKey(loadBalancerClass))) {
      inspection.fault('loadBalancing.loadBalancerClass', loadBalancerClass, 'is no class name', "give one such as 'service.k8s.aws/nlb'");
    }
    if (sourceRanges?.length === 0) {
      inspection.fault('loadBalancing.sourceRanges', '[]', 'is empty, which would let everyone in', 'name the ranges, or leave it out if everyone is meant');
    }
    for (const range of sourceRanges?.filter(r => !isCidr(r)) ?? []) {
      inspection.fault('loadBalancing.sourceRanges', range, 'is no address range', "give one such as '203.0.113.0/24' or '2001:db8::/32'");
    }
    if (drainSeconds < EXTERNAL_DRAIN_SECONDS) {
      inspection.finding('HA-F5', {
        message: `shutdown.drainDelay: the load balancer goes on sending requests for about ${EXTERNAL_DRAIN_SECONDS} s, but the pod stops after ${drainSeconds} s`,
        remedy: `give ${EXTERNAL_DRAIN_SECONDS} s or more`,
      });
    }
    if (externalTrafficPolicy === TrafficPolicy.LOCAL) {
      inspection.finding('HA-G3', {
        message: 'loadBalancing.externalTrafficPolicy: with Local each node gets the same share, however many pods it has',
        remedy: 'leave it out, unless the pods need the addresses of their clients',
      });
    }
  }

  private inspectFamilies(inspection: Inspection): void {
    const { ipFamilies, ipFamilyPolicy } = this.options;
    if (ipFamilies && (ipFamilies.length === 0 || new Set(ipFamilies).size < ipFamilies.length)) {
      inspection.fault('loadBalancing.ipFamilies', `[${ipFamilies.join(', ')}]`, 'is empty or names a family twice', 'name IPv4, IPv6 or both, once each');
    } else if (ipFamilies?.length === 2 && (ipFamilyPolicy ?? IpFamilyPolicy.SINGLE_STACK) === IpFamilyPolicy.SINGLE_STACK) {
      inspection.fault('loadBalancing.ipFamilies', `[${ipFamilies.join(', ')}]`, 'names two families, but ipFamilyPolicy asks for one',
        'set ipFamilyPolicy to PREFER_DUAL_STACK');
    }
  }
}

function isCidr(range: string): boolean {
  const [address, bits, ...rest] = String(range).split('/');
  const family = isIP(address);
  return family > 0 && rest.length === 0 && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (family === 4 ? 32 : 128);
}
