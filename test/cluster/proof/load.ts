/**
 * Traffic, as far as an autoscaler sees it, and what the autoscaler does about it.
 */
import { KubeObject, ObjectRef } from '../api';
import { Cluster } from '../cluster';
import { seconds, SELECTOR, since, Trial } from './trial';

/** What the pods use in all, however many they are: they share it evenly. */
export interface Demand {
  /** In thousandths of a CPU. */
  readonly cpu: number;

  /** In Mi. @default - 64 each */
  readonly memory?: number;
}

/** Demand that lasts until it is changed. */
export class Load {
  private running = true;
  private written?: Demand;
  private readonly writing: Promise<void>;

  constructor(private readonly trial: Trial, private demand: Demand) {
    this.writing = this.write();
  }

  /** @returns when all pods have felt it */
  async change(demand: Demand): Promise<void> {
    this.demand = demand;
    await this.felt();
  }

  /** Waits until all pods have felt the demand. */
  async felt(): Promise<void> {
    await this.trial.wait(async () => this.written === this.demand, 60, 'metrics');
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.writing;
  }

  private async write(): Promise<void> {
    while (this.running) {
      // A pod may go while its metrics are written.
      await this.writeOnce().catch(() => undefined);
      await seconds(0.5);
    }
  }

  private async writeOnce(): Promise<void> {
    const { cluster, namespace } = this.trial;
    const count = (await this.trial.pods()).filter(({ status }) => status.phase === 'Running').length || 1;
    const { cpu, memory } = this.demand;
    const usage = { cpu: `${Math.ceil(cpu / count)}m`, memory: memory === undefined ? undefined : `${Math.ceil(memory / count)}Mi` };
    await cluster.writePodMetrics(namespace, SELECTOR, usage);
    this.written = this.demand;
  }
}

/** A number of pods that was asked for, and when: in seconds from the beginning. */
export interface Step {
  readonly replicas: number;
  readonly after: number;
}

/** How many pods the Deployment of a trial asked for, from now on. */
export class Steps {
  static async watch(trial: Trial): Promise<Steps> {
    const steps = new Steps();
    const deployment = await trial.cluster.get(trial.deployment);
    steps.note(deployment);
    const path = await trial.cluster.api.path({ ...trial.deployment, name: undefined });
    const query = { fieldSelector: `metadata.name=${trial.deployment.name}`, resourceVersion: deployment.metadata.resourceVersion };
    steps.watching = trial.cluster.api.watch(path, query, (_, object) => steps.note(object), steps.abort.signal);
    return steps;
  }

  private readonly taken: Step[] = [];
  private readonly begin = Date.now();
  private readonly abort = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  private constructor() {}

  /** Each change, the number at the beginning first. */
  get all(): Step[] {
    return [...this.taken];
  }

  /** The numbers only. */
  get numbers(): number[] {
    return this.taken.map(({ replicas }) => replicas);
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.watching;
  }

  private note({ spec }: KubeObject): void {
    const replicas = spec?.replicas as number;
    if (replicas !== undefined && this.taken[this.taken.length - 1]?.replicas !== replicas) {
      this.taken.push({ replicas, after: since(this.begin) });
    }
  }
}

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A condition of the autoscaler of a workload. */
export async function autoscalerSays(cluster: Cluster, workload: ObjectRef, type: string): Promise<Condition> {
  const { status } = await cluster.get(autoscalerOf(workload));
  return (status?.conditions ?? []).find((condition: { type: string }) => condition.type === type) ?? { status: 'Unknown', reason: '', message: '' };
}

/** The autoscaler of a workload. */
export function autoscalerOf({ name, namespace }: ObjectRef): ObjectRef {
  return { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name, namespace };
}
