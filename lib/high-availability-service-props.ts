import { Duration } from 'cdk8s';
import { ContainerProps, EnvFrom, EnvValue, VolumeMount } from 'cdk8s-plus-28';
import { HighAvailabilityDefaultsProps } from './house-defaults';
import { ScalingMetric } from './scaling/scaling-metric';
import { NamedPort } from './traffic/named-port';
import { HealthCheck } from './workload/health-check';
import { ServiceIdentity } from './workload/service-identity';

/**
 * What a highly available service is made of. Only `image` is required.
 */
export interface HighAvailabilityServiceProps extends HighAvailabilityDefaultsProps {
  /**
   * The container image, with a tag or a digest that names one version.
   */
  readonly image: string;

  /**
   * The program to run.
   *
   * @default - the image's entry point
   */
  readonly command?: string[];

  /**
   * The program's arguments.
   *
   * @default - the image's own
   */
  readonly args?: string[];

  /**
   * The port that the container listens on. The Service passes its own port (80, see `loadBalancing`) on to it.
   *
   * @default 8080
   */
  readonly port?: number;

  /**
   * The name of that port.
   *
   * @default 'http'
   */
  readonly portName?: string;

  /**
   * Further ports.
   *
   * @default - none
   */
  readonly additionalPorts?: NamedPort[];

  /**
   * Environment variables; their values are strings. Not the place for secrets: see `environmentReferences`.
   *
   * @default - HOME=/tmp, since nothing else is writable
   */
  readonly environment?: Record<string, string>;

  /**
   * Environment variables from Secrets, ConfigMaps and the pod's own fields. If a ConfigMap or Secret of this program changes, the pods are replaced.
   *
   * @default - none
   */
  readonly environmentReferences?: Record<string, EnvValue>;

  /**
   * ConfigMaps and Secrets whose keys all become environment variables. If one of this program changes, the pods are replaced.
   *
   * @default - none
   */
  readonly environmentFrom?: EnvFrom[];

  /**
   * Volumes, and where the container sees them.
   *
   * @default - none but those of `writablePaths`
   */
  readonly volumeMounts?: VolumeMount[];

  /**
   * Paths that the program writes to, besides `/tmp`. Each becomes an empty directory of 512Mi that lives as long as the pod.
   *
   * @default - `/tmp` only
   */
  readonly writablePaths?: string[];

  /**
   * By what the service scales. Of several metrics the one that asks for most pods decides.
   *
   * @default - ScalingMetric.cpuUtilization(65), so that two of three zones can carry all
   */
  readonly scalingMetrics?: ScalingMetric[];

  /**
   * How Kubernetes finds out that a pod can serve.
   *
   * @default - HealthCheck.tcp(): the port accepts connections
   */
  readonly healthCheck?: HealthCheck;

  /**
   * How long the program may take to start. A pod that is not healthy by then is restarted.
   *
   * @default - 2 minutes
   */
  readonly startupTime?: Duration;

  /**
   * Who the pods are, for the Kubernetes API and for clouds.
   *
   * @default - ServiceIdentity.own(): a service account of their own, without rights and without a token
   */
  readonly serviceAccount?: ServiceIdentity;

  /**
   * Containers that run to their end, one after the other, before the main one starts.
   *
   * @default - none
   */
  readonly initContainers?: ContainerProps[];

  /**
   * Containers that run beside the main one, hardened alike: mount a volume where they write.
   *
   * @default - none
   */
  readonly sidecars?: ContainerProps[];

  /**
   * Labels of the pods only.
   *
   * @default - none
   */
  readonly podLabels?: Record<string, string>;

  /**
   * The name of all objects of the service, and its name in DNS. Changing it replaces the running service.
   *
   * @default - the construct's id
   */
  readonly name?: string;

  /**
   * The namespace of all objects of the service.
   *
   * @default - the chart's
   */
  readonly namespace?: string;
}
