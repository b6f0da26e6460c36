import { Size } from 'cdk8s';
import { Cpu, Metric, MetricTarget } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';
import { cpus } from '../private/quantity';

/** Which resource a metric measures, and whether against what the pods requested. */
export interface MeasuredResource {
  readonly name: 'cpu' | 'memory';
  readonly againstRequest: boolean;
}

/**
 * A signal that the service needs more pods, or fewer. Of several, the one that asks for most pods decides.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
export class ScalingMetric {
  /**
   * Keep the pods' CPU use at this share of what they requested.
   *
   * @param percent of the CPU request, from 1 to 100; 65 leaves room for two of three zones to carry all
   */
  public static cpuUtilization(percent: number): ScalingMetric {
    return new ScalingMetric({ name: 'cpu', againstRequest: true }, percent, target => Metric.resourceCpu(MetricTarget.averageUtilization(target)));
  }

  /**
   * Keep the pods' memory use at this share of what they requested. Memory rarely falls when load does: combine it with another metric.
   *
   * @param percent of the memory request, from 1 to 100
   */
  public static memoryUtilization(percent: number): ScalingMetric {
    return new ScalingMetric({ name: 'memory', againstRequest: true }, percent, target => Metric.resourceMemory(MetricTarget.averageUtilization(target)));
  }

  /**
   * Keep the pods' CPU use at this amount per pod.
   */
  public static cpuAverage(cpu: Cpu): ScalingMetric {
    return new ScalingMetric({ name: 'cpu', againstRequest: false }, cpus(cpu), target => Metric.resourceCpu(MetricTarget.averageValue(target)));
  }

  /**
   * Keep the pods' memory use at this amount per pod.
   */
  public static memoryAverage(memory: Size): ScalingMetric {
    return new ScalingMetric({ name: 'memory', againstRequest: false }, memory.toKibibytes() * 1024, target => Metric.resourceMemory(MetricTarget.averageValue(target)));
  }

  /**
   * Any metric that cdk8s-plus can express.
   */
  public static of(metric: Metric): ScalingMetric {
    return new ScalingMetric(undefined, 1, () => metric);
  }

  private constructor(
    private readonly resource: MeasuredResource | undefined,
    private readonly target: number,
    private readonly metric: (target: number) => Metric,
  ) {
  }

  /** @internal */
  public get _resource(): MeasuredResource | undefined {
    return this.resource;
  }

  /** @internal */
  public get _metric(): Metric {
    return this.metric(this.target);
  }

  /** @internal */
  public _inspect(inspection: Inspection, zones: number): void {
    const prop = 'scalingMetrics';
    if (!this.resource?.againstRequest) {
      if (!(this.target > 0)) {
        inspection.fault(prop, this.target, 'is no target above 0', 'give a positive amount');
      }
    } else if (this.resource.name === 'cpu' ? inspection.integer(`${prop}.cpuUtilization`, this.target, 1, 100)
      : inspection.integer(`${prop}.memoryUtilization`, this.target, 1, 100)) {
      this.inspectHeadroom(inspection, zones);
    }
  }

  private inspectHeadroom(inspection: Inspection, zones: number): void {
    const most = Math.floor((zones - 1) / zones * 100);
    if (this.resource?.name === 'cpu' && zones > 1 && this.target > most) {
      inspection.finding('HA-A5', {
        message: `scalingMetrics.cpuUtilization: at ${this.target} %, the loss of one of ${zones} zones puts ${Math.round(this.target * zones / (zones - 1))} % on the others `
          + 'until new pods run',
        remedy: `aim at ${most} % or less`,
      });
    }
  }
}
