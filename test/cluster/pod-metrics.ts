/**
 * Metrics of pods, written by the test itself.
 *
 * The autoscaler asks the API server for `metrics.k8s.io`, and does not mind who
 * answers: instead of metrics-server this is a plain custom resource.
 */
import { KubeObject } from './api';

/** What each container of a pod uses. */
export interface PodUsage {
  /** Such as '250m'. */
  readonly cpu: string;
  /** @default '64Mi' */
  readonly memory?: string;
}

export const POD_METRICS = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' };

export const POD_METRICS_DEFINITION: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'pods.metrics.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in for metrics-server' },
  },
  spec: {
    group: 'metrics.k8s.io',
    scope: 'Namespaced',
    names: { plural: 'pods', singular: 'pod', kind: 'PodMetrics', listKind: 'PodMetricsList' },
    versions: [{
      name: 'v1beta1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    }],
  },
};

/** The metrics of one pod, as metrics-server would give them now. */
export function podMetrics(pod: KubeObject, usage: PodUsage): KubeObject {
  return {
    ...POD_METRICS,
    metadata: { name: pod.metadata.name, namespace: pod.metadata.namespace, labels: pod.metadata.labels },
    timestamp: new Date().toISOString(),
    // The autoscaler passes over a metric whose window reaches back to before the pod was ready.
    window: '1s',
    containers: (pod.spec.containers as Array<{ name: string }>).map(({ name }) => ({
      name,
      usage: { cpu: usage.cpu, memory: usage.memory ?? '64Mi' },
    })),
  };
}
