import { k8s, Topology } from 'cdk8s-plus-28';
import { KubernetesVersion } from '../kubernetes-version';
import { Inspection } from '../private/inspection';
import { isQualifiedKey } from '../private/names';

/**
 * Over what the pods are spread, and how evenly.
 */
export interface SpreadOptions {
  /**
   * The failure domains, most important first.
   *
   * @default - zones, then nodes
   */
  readonly topologies?: Topology[];

  /**
   * By how many pods the fullest and the emptiest domain may differ.
   *
   * @default 1
   */
  readonly maxSkew?: number;

  /**
   * How many zones the cluster has: the checks count on it. Nothing of it reaches the YAML.
   *
   * @default - 3 are assumed
   */
  readonly zones?: number;
}

/**
 * How strictly pods are spread.
 */
export interface RequiredSpreadOptions extends SpreadOptions {
  /**
   * Below how many domains each may hold `maxSkew` pods only. While a domain is down, the pods that it held wait until it is back.
   *
   * @default - no such limit: pods move together while a domain is down
   */
  readonly minDomains?: number;
}

/** What the rest of the workload has to do with its spread. */
export interface SpreadContext {
  readonly version: KubernetesVersion;
  readonly minReplicas: number;
  readonly maxReplicas: number;

  /** The labels that a node must have. */
  readonly nodeSelector: Record<string, string>;
}

/** A spread in the words of the Kubernetes API. */
export interface SpreadSpec {
  readonly constraints: k8s.TopologySpreadConstraint[];
  readonly antiAffinity?: k8s.WeightedPodAffinityTerm;
}

/** Only pods of the same version count. */
export const PER_VERSION = ['pod-template-hash'];

/**
 * The first version whose API server knows that affinity can tell versions apart: KEP-3633. Its scheduler heeds it from 1.31 on. Without it the pods of the old
 * version weigh as much as the zones do, and a rollout can leave a zone empty.
 */
const AFFINITY_PER_VERSION = KubernetesVersion.of('1.29');

type Strictness = 'preferred' | 'required' | 'none';

const ASSUMED_ZONES = 3;

/**
 * How pods are kept apart, so that what fails takes few of them.
 *
 * Zones are a topology spread constraint. Nodes, if they come after something else, are a preferred anti-affinity: the scheduler weighs a constraint by how many
 * domains it has, so that a second constraint over many nodes outweighs the one over few zones, and zones stay empty. For Kubernetes 1.28, which has no such
 * anti-affinity per version, nodes are left to the scheduler's own preference for those with room.
 *
 * Pods of an older version are not counted (`matchLabelKeys`): otherwise a rollout can leave a zone empty. Cordoned and failed nodes are not counted
 * either (`nodeTaintsPolicy: Honor`): otherwise they look like empty domains, and what they held waits for them.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
export class Spread {
  /**
   * As even as possible, but a pod that cannot be placed evenly runs nevertheless.
   */
  public static preferred(options: SpreadOptions = {}): Spread {
    return new Spread('preferred', options);
  }

  /**
   * Even over the first topology (zones), or the pod waits; as even as possible over the others.
   */
  public static required(options: RequiredSpreadOptions = {}): Spread {
    return new Spread('required', options);
  }

  /**
   * Left to the scheduler, which prefers an even spread mildly.
   */
  public static none(): Spread {
    return new Spread('none', {});
  }

  private constructor(private readonly strictness: Strictness, private readonly options: RequiredSpreadOptions) {
  }

  /** How many zones to count on. @internal */
  public get _zones(): number {
    return this.options.zones ?? ASSUMED_ZONES;
  }

  /** @internal */
  public _bind(inspection: Inspection, labels: Record<string, string>, context: SpreadContext): SpreadSpec {
    const { topologies = [Topology.ZONE, Topology.HOSTNAME], maxSkew = 1, minDomains, zones } = this.options;
    if (zones !== undefined) {
      inspection.integer('spread.zones', zones, 1);
    }
    const keys = topologies.map(topology => topology?.key);
    this.inspectCoverage(inspection, this.strictness === 'none' ? [] : keys, context.minReplicas);
    if (this.strictness === 'none') {
      return { constraints: [] };
    }
    if (topologies.length === 0) {
      inspection.fault('spread.topologies', '[]', 'is empty', 'name a topology, or use Spread.none()');
    }
    keys.forEach((key, index) => {
      if (typeof key !== 'string' || !isQualifiedKey(key)) {
        inspection.fault('spread.topologies', key, 'is no label key', "give one such as Topology.ZONE or Topology.custom('example.com/rack')");
      } else if (keys.indexOf(key) < index) {
        inspection.fault('spread.topologies', key, 'is named twice', 'name it once');
      }
    });
    inspection.integer('spread.maxSkew', maxSkew, 1);
    if (minDomains !== undefined && inspection.integer('spread.minDomains', minDomains, 1)) {
      this.inspectMinDomains(inspection, keys[0], minDomains, maxSkew, context);
    }
    const labelSelector = { matchLabels: labels };
    const constraints = keys.map((topologyKey, index) => ({
      topologyKey,
      maxSkew,
      whenUnsatisfiable: this.strictness === 'required' && index === 0 ? 'DoNotSchedule' : 'ScheduleAnyway',
      labelSelector,
      matchLabelKeys: PER_VERSION,
      nodeTaintsPolicy: 'Honor',
      ...(minDomains !== undefined && index === 0 && { minDomains }),
    }));
    const topologyKey = Topology.HOSTNAME.key;
    if (keys.indexOf(topologyKey) < 1) {
      return { constraints };
    }
    return {
      constraints: constraints.filter(constraint => constraint.topologyKey !== topologyKey),
      ...(context.version.isAtLeast(AFFINITY_PER_VERSION) && { antiAffinity: { weight: 100, podAffinityTerm: { topologyKey, labelSelector } } }),
    };
  }

  private inspectCoverage(inspection: Inspection, keys: string[], minReplicas: number): void {
    const zone = keys.includes(Topology.ZONE.key);
    if (this._zones > 1 && zone !== keys.includes(Topology.HOSTNAME.key)) {
      inspection.finding('HA-C8', {
        message: `spread.topologies: pods are spread over ${zone ? 'zones' : 'nodes'} only, so ${zone ? 'one node of a zone' : 'one zone'} may hold all that it can`,
        remedy: 'name both Topology.ZONE and Topology.HOSTNAME',
      });
    }
    if (keys.length === 0) {
      inspection.finding('HA-C8', {
        message: 'spread: nothing keeps the pods from sharing one node',
        remedy: 'leave spread out, or use Spread.preferred()',
      });
    }
    if (zone && minReplicas < Math.min(this._zones, ASSUMED_ZONES) && minReplicas > 1) {
      inspection.finding('HA-C9', {
        message: `spread.zones: ${minReplicas} pods cannot cover ${this._zones} zones`,
        remedy: `run ${this._zones} replicas or more`,
      });
    }
  }

  private inspectMinDomains(inspection: Inspection, key: string | undefined, minDomains: number, maxSkew: number, context: SpreadContext): void {
    const pinned = key !== undefined && key in context.nodeSelector;
    const domains = pinned ? 1 : key === Topology.ZONE.key ? this.options.zones : undefined;
    if (domains !== undefined && domains < minDomains && domains * maxSkew < context.maxReplicas) {
      const why = pinned ? `scheduling.nodeSelector allows one value of ${key} only` : `there are ${domains} zones`;
      inspection.fault('spread.minDomains', minDomains, `cannot be met: ${why}, so that ${domains * maxSkew} pods can run, not the ${context.maxReplicas} of maxReplicas`,
        pinned ? 'remove that label from nodeSelector, or minDomains' : `set it to ${domains} or less`);
    } else if (key === Topology.ZONE.key && minDomains === this._zones) {
      inspection.finding('HA-C5', {
        message: `spread.minDomains: when one of ${minDomains} zones fails, the ${minDomains - 1} others may hold ${maxSkew} pods each until it is back, and the rest waits`,
        remedy: 'leave it out: pods of a lost zone then move to the others',
      });
    }
  }
}
