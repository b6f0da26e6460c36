import { ApiObject } from 'cdk8s';
import { Container, ContainerProps, ContainerResources, ContainerSecurityContextProps, Deployment, DeploymentProps, ImagePullPolicy, k8s, LabelSelector, Pod, PodSelectorConfig } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { configurationChecksum } from './configuration-checksum';
import { renderResources, roundedUp, SIDECAR_RESOURCES } from './resources';
import { mergeAffinity, SchedulingSpec } from './scheduling';
import { PER_VERSION, SpreadSpec } from './spread';
import { amendManifest } from '../private/manifest';

/** What a Deployment is made of beyond what cdk8s-plus has words for. */
export interface DeploymentSettings {
  /** The labels by which its pods are found. */
  readonly selector: Record<string, string>;

  /** What each container may do that does not say so itself. */
  readonly containerSecurity: ContainerSecurityContextProps;

  /** What only the main container has. */
  readonly main: Partial<k8s.Container>;

  /** How long each container waits before SIGTERM, if the kubelet itself is to wait. */
  readonly sleepSeconds?: number;

  readonly scheduling: SchedulingSpec;
  readonly spread: SpreadSpec;
  readonly pod: Partial<k8s.PodSpec>;
  readonly podSecurity: Partial<k8s.PodSecurityContext>;
  readonly revisionHistoryLimit?: number;
}

/** The annotation that changes with the ConfigMaps and Secrets that the pods use. */
const CHECKSUM_ANNOTATION = 'cdk8s-high-availability/configuration';

/**
 * A Deployment that adds at render what cdk8s-plus cannot express, so that containers, tolerations and the like that are added later through
 * cdk8s-plus's own methods are treated like the first ones.
 */
export class HighAvailabilityDeployment extends Deployment {
  /** Containers that cdk8s-plus gives a startup probe of its own, which restarts whatever needs more than 30 s. */
  private readonly withoutStartupProbe = new Set<string>();
  private readonly resources = new Map<string, ContainerResources>();

  constructor(scope: Construct, props: DeploymentProps, private readonly settings: DeploymentSettings) {
    super(scope, 'Deployment', { ...props, select: false });
    this.select(LabelSelector.of({ labels: settings.selector }));
    if (settings.sleepSeconds) {
      amendManifest(ApiObject.of(this), manifest => withNativeSleep(manifest, settings.sleepSeconds!));
    }
    if (settings.spread.antiAffinity) {
      amendManifest(ApiObject.of(this), withAffinityPerVersion);
    }
  }

  public addContainer(props: ContainerProps): Container {
    const complete = this.withDefaults(props);
    return this.remember(complete, super.addContainer({ ...complete, resources: roundedUp(complete.resources) }));
  }

  public addInitContainer(props: ContainerProps): Container {
    const complete = this.withDefaults(props);
    return this.remember(complete, super.addInitContainer({ ...complete, resources: roundedUp(complete.resources) }));
  }

  public toPodSelectorConfig(): PodSelectorConfig {
    const { namespace } = this.metadata;
    return {
      labelSelector: LabelSelector.of({ labels: this.settings.selector }),
      ...(namespace && { namespaces: { names: [namespace] } }),
    };
  }

  /** @internal */
  public _toKube(): k8s.DeploymentSpec {
    const spec = super._toKube();
    const template = this.template(spec.template);
    return { ...spec, template, revisionHistoryLimit: this.settings.revisionHistoryLimit };
  }

  private template({ metadata = {}, spec }: k8s.PodTemplateSpec): k8s.PodTemplateSpec {
    const pod = this.podSpec(spec!);
    // The label says where in the program the pods are declared: moving that must not restart them.
    const { [Pod.ADDRESS_LABEL]: _, ...labels } = metadata.labels ?? {};
    const checksum = configurationChecksum(this, pod);
    return {
      metadata: { ...metadata, labels, annotations: { ...metadata.annotations, ...(checksum && { [CHECKSUM_ANNOTATION]: checksum }) } },
      spec: pod,
    };
  }

  private podSpec(spec: k8s.PodSpec): k8s.PodSpec {
    const { scheduling, spread, pod, podSecurity } = this.settings;
    const apart = spread.antiAffinity && { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [spread.antiAffinity] } };
    return {
      ...spec,
      ...pod,
      ...scheduling,
      affinity: mergeAffinity(mergeAffinity(apart, scheduling.affinity), spec.affinity),
      // What the API server takes, but does not keep, a second field manager would dispute.
      hostNetwork: spec.hostNetwork || undefined,
      topologySpreadConstraints: spread.constraints.length > 0 ? spread.constraints : undefined,
      tolerations: [...scheduling.tolerations ?? [], ...spec.tolerations ?? []],
      securityContext: { ...spec.securityContext, ...podSecurity, ...(!needsGroup(spec) && { fsGroup: undefined, fsGroupChangePolicy: undefined }) },
      containers: spec.containers.map((container, index) => this.container(container, true, index === 0 ? this.settings.main : {})),
      initContainers: spec.initContainers?.map(container => this.container(container, false)),
    };
  }

  /** @param own what only this container has */
  private container(container: k8s.Container, drains: boolean, own: Partial<k8s.Container> = {}): k8s.Container {
    const { capabilities } = container.securityContext ?? {};
    const resources = this.resources.get(container.name);
    const lifecycle = own.lifecycle ?? container.lifecycle;
    const sleeps = drains && this.settings.sleepSeconds !== undefined && !lifecycle?.preStop;
    return {
      ...container,
      env: container.env?.map(({ value, ...variable }) => value ? { value, ...variable } : variable),
      startupProbe: this.withoutStartupProbe.has(container.name) ? undefined : container.startupProbe,
      ...(resources && { resources: renderResources(resources) }),
      securityContext: { ...container.securityContext, capabilities: { ...capabilities, drop: capabilities?.drop ?? ['ALL'] } },
      ...own,
      // The schema drops what is in preStop and keeps it as a place to put the native sleep.
      ...(sleeps && { lifecycle: { ...lifecycle, preStop: {} } }),
    };
  }

  private withDefaults(props: ContainerProps): CompleteContainerProps {
    return {
      ...props,
      imagePullPolicy: props.imagePullPolicy ?? ImagePullPolicy.IF_NOT_PRESENT,
      resources: props.resources ?? SIDECAR_RESOURCES,
      securityContext: props.securityContext ?? this.settings.containerSecurity,
    };
  }

  private remember(props: CompleteContainerProps, container: Container): Container {
    this.resources.set(container.name, props.resources);
    if (!props.startup) {
      this.withoutStartupProbe.add(container.name);
    }
    return container;
  }
}

type CompleteContainerProps = ContainerProps & Required<Pick<ContainerProps, 'resources'>>;

/** Everyone can write to an empty directory; what other volumes hold belongs to root unless a group is named. */
function needsGroup({ volumes = [] }: k8s.PodSpec): boolean {
  return volumes.some(({ emptyDir }) => !emptyDir);
}

function withNativeSleep(manifest: any, seconds: number): any {
  for (const { lifecycle } of manifest.spec.template.spec.containers) {
    if (lifecycle?.preStop && Object.keys(lifecycle.preStop).length === 0) {
      lifecycle.preStop.sleep = { seconds };
    }
  }
  return manifest;
}

/** The spread's own anti-affinity comes first of all. */
function withAffinityPerVersion(manifest: any): any {
  const [apart] = manifest.spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  const { labelSelector, ...rest } = apart.podAffinityTerm;
  apart.podAffinityTerm = { labelSelector, matchLabelKeys: PER_VERSION, ...rest };
  return manifest;
}
