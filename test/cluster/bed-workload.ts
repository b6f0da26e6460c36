import { KubeObject } from './api';

/** What the bed's own tests vary in a workload. */
export interface WorkloadProps {
  readonly name?: string;
  /** @default 3 */
  readonly replicas?: number;
  /** Of the pods: they steer the application. */
  readonly annotations?: Record<string, string>;
  /** Fields of the pod. */
  readonly pod?: object;
  /** Fields of the container. */
  readonly container?: object;
}

/** The least that a Deployment can be; written by hand, for the bed's own tests only. */
export function workload(props: WorkloadProps = {}): KubeObject {
  const name = props.name ?? 'web';
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: props.replicas ?? 3,
      selector: { matchLabels: { app: name } },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: { app: name }, annotations: props.annotations },
        spec: {
          ...props.pod,
          containers: [{
            name: 'main',
            image: 'registry.invalid/web:1',
            resources: { requests: { cpu: '200m', memory: '128Mi' } },
            readinessProbe: { httpGet: { path: '/', port: 8080 }, initialDelaySeconds: 3, periodSeconds: 1 },
            ...props.container,
          }],
        },
      },
    },
  };
}
