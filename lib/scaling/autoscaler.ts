import { ApiObjectMetadata, Duration } from 'cdk8s';
import { Deployment, HorizontalPodAutoscaler, Metric, Replicas, ScalingStrategy } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ScalingMetric } from './scaling-metric';
import { Inspection } from '../private/inspection';
import { Severity } from '../review/finding';

/** One pod in each of three zones. */
const DEFAULT_FLOOR = 3;
const DEFAULT_CPU_PERCENT = 65;

/** The props that say how many pods there are. */
export interface ReplicaProps {
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly replicas?: number;
}

/** Between what the number of pods moves. */
export interface ReplicaBounds {
  readonly floor: number;
  readonly ceiling: number;

  /** Whether an autoscaler moves it. */
  readonly scales: boolean;
}

/** Checks how many pods there are to be. */
export function bindReplicas(inspection: Inspection, { minReplicas, maxReplicas, replicas }: ReplicaProps, zones: number): ReplicaBounds {
  if (replicas !== undefined) {
    if (minReplicas !== undefined || maxReplicas !== undefined) {
      inspection.fault('replicas', replicas, 'is a fixed number, but minReplicas or maxReplicas is given as well', 'give either replicas, or minReplicas and maxReplicas');
    }
    if (inspection.integer('replicas', replicas, 1)) {
      inspectFloor(inspection, 'replicas', replicas);
    }
    return { floor: Math.max(1, replicas), ceiling: Math.max(1, replicas), scales: false };
  }
  const floor = minReplicas ?? DEFAULT_FLOOR;
  const ceiling = maxReplicas ?? floor * 3;
  if (inspection.integer('minReplicas', floor, 1) && inspection.integer('maxReplicas', ceiling, 1)) {
    inspectFloor(inspection, 'minReplicas', floor);
    inspectCeiling(inspection, floor, ceiling, zones);
  }
  return { floor, ceiling, scales: true };
}

function inspectFloor(inspection: Inspection, prop: string, floor: number): void {
  if (floor === 1) {
    inspection.finding('HA-A1', {
      message: `${prop}: 1 pod means that every restart, drain and lost node takes the service down`,
      remedy: `run ${DEFAULT_FLOOR}, or 2 at least`,
    });
  } else if (floor < DEFAULT_FLOOR) {
    inspection.finding('HA-A1', {
      message: `${prop}: of ${floor} pods one remains while another is drained or replaced`,
      remedy: `run ${DEFAULT_FLOOR}`,
      severity: Severity.WARNING,
    });
  }
}

function inspectCeiling(inspection: Inspection, floor: number, ceiling: number, zones: number): void {
  if (floor > ceiling) {
    inspection.fault('minReplicas', floor, `is above maxReplicas (${ceiling})`, `raise maxReplicas to ${floor * 3}, or lower minReplicas`);
    return;
  }
  if (floor === ceiling) {
    inspection.finding('HA-A4', {
      message: `maxReplicas: it equals minReplicas (${floor}), so the autoscaler can do nothing`,
      remedy: `raise maxReplicas, or say what is meant: replicas: ${floor}`,
    });
    return;
  }
  const needed = zones > 1 ? Math.ceil(floor * zones / (zones - 1)) : floor;
  if (ceiling < needed) {
    inspection.finding('HA-A6', {
      message: `maxReplicas: when one of ${zones} zones fails, ${needed} pods are needed to have ${floor} outside it, but ${ceiling} may run`,
      remedy: `raise maxReplicas to ${needed} or more`,
    });
  }
}

/** Checks by what the service scales. */
export function bindMetrics(inspection: Inspection, metrics: ScalingMetric[] | undefined, { scales }: ReplicaBounds, zones: number): ScalingMetric[] {
  if (!scales) {
    if (metrics) {
      inspection.fault('scalingMetrics', `${metrics.length} metrics`, 'have no use, since replicas is fixed', 'give minReplicas and maxReplicas instead of replicas');
    }
    return [];
  }
  if (metrics?.length === 0) {
    inspection.fault('scalingMetrics', '[]', 'is empty', 'leave it out for the default, or give replicas to switch the autoscaler off');
  }
  const chosen = metrics ?? [ScalingMetric.cpuUtilization(DEFAULT_CPU_PERCENT)];
  chosen.forEach(metric => metric._inspect(inspection, zones));
  return chosen;
}

/** Checks the metrics together, once there are no more to come. */
export function inspectMix(inspection: Inspection, metrics: ScalingMetric[]): void {
  if (metrics.length > 0 && metrics.every(metric => metric._resource?.name === 'memory')) {
    inspection.finding('HA-A9', {
      message: 'scalingMetrics: memory is the only metric, and few programs give memory back when load falls: the service grows and never shrinks',
      remedy: 'add ScalingMetric.cpuUtilization(65)',
    });
  }
}

/**
 * An autoscaler that grows at once and shrinks slowly: too many pods cost money for minutes, too few cost requests.
 *
 * Growing is Kubernetes' own behaviour: at once, double or four more every 15 s. Shrinking waits for five calm minutes, as Kubernetes does, and then
 * takes a quarter a minute at most, where Kubernetes would take all at once.
 *
 * @param metrics is read when the app is synthesized, so that more can be added until then
 */
export function createAutoscaler(
  scope: Construct, metadata: ApiObjectMetadata, target: Deployment, { floor, ceiling }: ReplicaBounds, metrics: Metric[],
): HorizontalPodAutoscaler {
  return new HorizontalPodAutoscaler(scope, 'Autoscaler', {
    metadata,
    target,
    minReplicas: floor,
    maxReplicas: ceiling,
    metrics,
    scaleUp: {
      strategy: ScalingStrategy.MAX_CHANGE,
      stabilizationWindow: Duration.seconds(0),
      policies: [
        { replicas: Replicas.percent(100), duration: Duration.seconds(15) },
        { replicas: Replicas.absolute(4), duration: Duration.seconds(15) },
      ],
    },
    scaleDown: {
      strategy: ScalingStrategy.MAX_CHANGE,
      stabilizationWindow: Duration.minutes(5),
      policies: [{ replicas: Replicas.percent(25), duration: Duration.minutes(1) }],
    },
  });
}
