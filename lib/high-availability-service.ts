import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import {
  Container, Deployment, HorizontalPodAutoscaler, INetworkPolicyPeer, IPodSelector, IServiceAccount, k8s, LabelSelector, Metric, NetworkPolicy,
  NetworkPolicyPeerConfig, PodSelectorConfig, Service,
} from 'cdk8s-plus-28';
import { Construct, IConstruct } from 'constructs';
import { HighAvailabilityServiceProps } from './high-availability-service-props';
import { HighAvailabilityDefaults } from './house-defaults';
import { Inspection } from './private/inspection';
import { amendManifest } from './private/manifest';
import { applyPatch } from './private/patch';
import { reserveName } from './private/reserved-names';
import { ResolvedService, resolveService } from './resolved-service';
import { Finding, Severity } from './review/finding';
import { createAutoscaler, inspectMix } from './scaling/autoscaler';
import { ScalingMetric } from './scaling/scaling-metric';
import { createDeployment } from './service-deployment';
import { exposedPorts } from './traffic/named-port';
import { listeningPorts, ServiceNetworkPolicy } from './traffic/network-policy';
import { LoadBalancedService } from './traffic/service';
import { inspectContainers } from './workload/containers';

/** Under this prefix the Deployment says which rules it breaks, and why. */
const ACKNOWLEDGEMENT_PREFIX = 'cdk8s-high-availability/';

/**
 * All that a Kubernetes service needs to stay up.
 *
 * It makes a Deployment with health probes, spread over zones and nodes, that rolls out and shuts down without losing a request; a load-balanced Service; an
 * autoscaler; a disruption budget; a network policy; and a service account. All of them carry the service's own name. What would lose availability is refused,
 * with all faults in one message; what is questionable is among the `findings`.
 *
 * Everything that is made is a member and can be changed through its own methods until the app is synthesized; `patch` reaches every field.
 */
export class HighAvailabilityService extends Construct implements IPodSelector, INetworkPolicyPeer {
  /** The name of all objects, and the service's name in DNS. */
  public readonly name: string;

  /** Runs the pods. */
  public readonly deployment: Deployment;

  /** The main container. */
  public readonly container: Container;

  /** Balances the load over the pods. */
  public readonly service: Service;

  /** Moves the number of pods; absent if `replicas` fixes it. */
  public readonly autoscaler?: HorizontalPodAutoscaler;

  /** Limits how many pods drains may take at once; absent with `DisruptionBudget.none()`. */
  public readonly disruptionBudget?: k8s.KubePodDisruptionBudget;

  /** Says with whom the pods may speak; absent with `NetworkAccess.unmanaged()`. */
  public readonly networkPolicy?: NetworkPolicy;

  /** Who the pods are; absent with `ServiceIdentity.none()`. */
  public readonly serviceAccount?: IServiceAccount;

  private readonly resolved: ResolvedService;
  private readonly inspection: Inspection;
  private readonly acknowledgements: Record<string, string>;
  private readonly ownAcknowledgements: Record<string, string>;
  private readonly metrics: Metric[];
  private latest?: { readonly additions: number; readonly inspection: Inspection };
  private announced?: Inspection;

  /**
   * @throws with all faults in one message if the props would lose availability or cannot work
   */
  constructor(scope: Construct, id: string, props: HighAvailabilityServiceProps) {
    super(scope, id);
    const complete = HighAvailabilityDefaults._complete(this, props ?? {});
    this.acknowledgements = complete.acknowledgements ?? {};
    this.ownAcknowledgements = props?.acknowledgements ?? {};
    this.inspection = new Inspection(this, this.acknowledgements);
    this.name = complete.name ?? (id === 'Default' || id === 'Resource' ? scope.node.id : id);
    this.resolved = resolveService(this.inspection, this.name, complete);
    reserveName(this.inspection, this, this.name, complete.namespace ?? Chart.of(this).namespace);
    this.inspection.conclude();

    const { labels, selector, replicas, budget, identity, networkAccess } = this.resolved;
    const metadata = { name: this.name, namespace: complete.namespace, labels, annotations: complete.annotations };
    this.metrics = this.resolved.metrics.map(metric => metric._metric);

    this.serviceAccount = identity._bind(this, metadata);
    this.networkPolicy = networkAccess._managed
      ? new ServiceNetworkPolicy(this, metadata, this, networkAccess._options, () => listeningPorts(this.deployment, this.service))
      : undefined;
    this.service = new LoadBalancedService(this, metadata, this, this.resolved.service, exposedPorts(this.resolved.ports));
    this.disruptionBudget = budget && new k8s.KubePodDisruptionBudget(this, 'DisruptionBudget', {
      metadata,
      spec: { ...budget, selector: { matchLabels: selector } },
    });
    this.deployment = createDeployment(this, metadata, this.serviceAccount, this.resolved, complete);
    this.container = this.deployment.containers[0];
    this.autoscaler = replicas.scales ? createAutoscaler(this, metadata, this.deployment, replicas, this.metrics) : undefined;

    this.node.defaultChild = this.deployment;
    this.node.addValidation({ validate: () => this.validateForSynthesis() });
  }

  /**
   * What is questionable about the service as it is now, acknowledged or not. Warnings that nobody has acknowledged are printed when the app is synthesized.
   */
  public get findings(): Finding[] {
    const now = this.latestInspection().findings;
    const rules = new Set(now.map(({ rule }) => rule));
    return [...this.inspection.findings.filter(({ rule }) => !rules.has(rule)), ...now];
  }

  /**
   * Lets a peer connect to the service's ports. The first peer that is named closes the door to all others.
   *
   * @throws if the service has no network policy of its own
   */
  public allowFrom(peer: INetworkPolicyPeer): void {
    this.requirePolicy('allowFrom', peer).allowFrom(peer);
  }

  /**
   * Lets the pods connect to a peer, and to DNS. The first peer that is named closes the door to all others.
   *
   * @throws if the service has no network policy of its own
   */
  public allowTo(peer: INetworkPolicyPeer): void {
    this.requirePolicy('allowTo', peer).addEgressRule(peer);
  }

  /**
   * Scales by a further metric.
   *
   * @throws if the number of pods is fixed, or if the metric's target is out of range
   */
  public addMetric(metric: ScalingMetric): void {
    const inspection = new Inspection(this, this.acknowledgements);
    if (!this.autoscaler) {
      inspection.fault('addMetric', 'a metric', 'has no use, since replicas is fixed', 'give minReplicas and maxReplicas instead of replicas');
    }
    metric._inspect(inspection, this.resolved.zones);
    inspection.conclude();
    metric._inspect(this.inspection, this.resolved.zones);
    this.resolved.metrics.push(metric);
    this.metrics.push(metric._metric);
  }

  /**
   * Changes any field of any of the service's objects, after everything else and after every schema: also a field that cdk8s-plus does not know.
   *
   * @param target what to change: `web.deployment`, `web.service`, ...
   * @param ops RFC 6902 operations on its manifest
   * @throws if the target is not part of the service; when the app is synthesized, if an operation does not fit
   */
  public patch(target: IConstruct, ...ops: JsonPatch[]): void {
    const { path } = this.node;
    if (!target?.node?.scopes.includes(this)) {
      const what = target === undefined ? 'the target does not exist' : `${target.node ? `'${target.node.path}'` : 'the target'} is not part of this service`;
      throw new Error(`${path}: patch: ${what}; patch an object of the service, such as its deployment`);
    }
    if (!target.node.defaultChild && !ApiObject.isApiObject(target)) {
      throw new Error(`${path}: patch: '${target.node.path}' is made elsewhere, so there is no manifest to patch; patch it where it is made`);
    }
    amendManifest(ApiObject.of(target), manifest => applyPatch(target.node.path, manifest, ops));
  }

  /** @see IPodSelector.toPodSelectorConfig() */
  public toPodSelectorConfig(): PodSelectorConfig {
    const namespace = this.deployment?.metadata.namespace ?? Chart.of(this).namespace;
    return {
      labelSelector: LabelSelector.of({ labels: this.resolved.selector }),
      ...(namespace && { namespaces: { names: [namespace] } }),
    };
  }

  /** @see INetworkPolicyPeer.toNetworkPolicyPeerConfig() */
  public toNetworkPolicyPeerConfig(): NetworkPolicyPeerConfig {
    return { podSelector: this.toPodSelectorConfig() };
  }

  /** @see INetworkPolicyPeer.toPodSelector() */
  public toPodSelector(): IPodSelector | undefined {
    return this;
  }

  private requirePolicy(verb: string, peer: INetworkPolicyPeer): ServiceNetworkPolicy {
    if (typeof peer?.toNetworkPolicyPeerConfig !== 'function') {
      throw new Error(`${this.node.path}: ${verb}: '${peer}' is no peer; give another service, or Pods, Namespaces or a NetworkPolicyIpBlock of cdk8s-plus`);
    }
    if (!(this.networkPolicy instanceof ServiceNetworkPolicy)) {
      throw new Error(`${this.node.path}: ${verb}: the service has no network policy of its own (NetworkAccess.unmanaged()); leave networkAccess out`);
    }
    return this.networkPolicy;
  }

  /** Containers and metrics may have been added since the service was declared, and need what was acknowledged before. */
  private inspectAsItIs(): Inspection {
    const inspection = new Inspection(this, this.acknowledgements);
    inspectContainers(inspection, this.deployment.containers, this.deployment.initContainers, this.resolved.metrics, this.resolved.version);
    inspectMix(inspection, this.resolved.metrics);
    const needed = this.inspection.acknowledged;
    inspection.reportUnused(Object.fromEntries(Object.entries(this.ownAcknowledgements).filter(([rule]) => !(rule in needed))));
    return inspection;
  }

  /** cdk8s validates all once per chart, and a service to which nothing was added since need not be inspected again. */
  private latestInspection(): Inspection {
    // Nothing is ever taken away, so the sum tells.
    let additions = this.metrics.length;
    for (const list of [this.deployment.containers, this.deployment.initContainers]) {
      for (const { ports, mounts } of list) {
        additions += 1 + ports.length + mounts.length;
      }
    }
    if (this.latest?.additions !== additions) {
      this.latest = { additions, inspection: this.inspectAsItIs() };
    }
    return this.latest.inspection;
  }

  private validateForSynthesis(): string[] {
    const latest = this.latestInspection();
    if (latest !== this.announced) {
      this.announce(latest);
    }
    return latest.errors();
  }

  private announce(latest: Inspection): void {
    for (const [rule, reason] of Object.entries({ ...this.inspection.acknowledged, ...latest.acknowledged })) {
      this.deployment.metadata.addAnnotation(`${ACKNOWLEDGEMENT_PREFIX}${rule}`, reason);
    }
    if (!this.announced) {
      this.findings.filter(({ severity, acknowledgement }) => severity === Severity.WARNING && !acknowledgement).forEach(print);
    }
    this.announced = latest;
  }
}

function print({ rule, path, message, remedy, source }: Finding): void {
  process.stderr.write(`warning ${rule} ${path}: ${message}; ${remedy} (${source})\n`);
}
