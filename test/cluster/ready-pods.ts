import { ApiClient, KubeObject } from './api';
import { isReady } from './nodes';

/** How many pods were ready from a moment on. */
export interface ReadySample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly ready: number;
}

/**
 * Counts the pods that serve: ready, and not terminating. By watch, so that no
 * change between two looks is missed.
 */
export class ReadyPods {
  /** Begins to count; the first count is there when this returns. */
  static async watch(api: ApiClient, path: string, labelSelector: string): Promise<ReadyPods> {
    const counter = new ReadyPods(api, path, labelSelector);
    const version = await counter.list();
    counter.running = counter.follow(version);
    return counter;
  }

  private readonly serving = new Set<string>();
  private readonly abort = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private failure: unknown;
  private history: ReadySample[] = [];

  private constructor(private readonly api: ApiClient, private readonly path: string, private readonly labelSelector: string) {}

  /** Every change of the count. */
  get samples(): readonly ReadySample[] {
    return this.history;
  }

  /** The count now. */
  get current(): number {
    return this.serving.size;
  }

  /** The lowest count since the beginning. */
  get minimum(): number {
    return Math.min(...this.history.map((sample) => sample.ready));
  }

  /** The highest count since the beginning. */
  get maximum(): number {
    return Math.max(...this.history.map((sample) => sample.ready));
  }

  /** For how many milliseconds the count was below a promise. */
  millisecondsBelow(promise: number): number {
    return this.history.reduce((sum, sample, index) => {
      const until = this.history[index + 1]?.at ?? Date.now();
      return sum + (sample.ready < promise ? until - sample.at : 0);
    }, 0);
  }

  /** Begins anew from the present count. */
  reset(): void {
    this.history = [];
    this.record();
  }

  /**
   * Ends the count. The figures stay.
   *
   * @throws when the watch was lost on the way, since the figures then mean nothing
   */
  async stop(): Promise<this> {
    this.abort.abort();
    await this.running;
    if (this.failure) {
      throw this.failure;
    }
    return this;
  }

  private async list(): Promise<string> {
    const query = { labelSelector: this.labelSelector };
    const list = await this.api.call<{ items: KubeObject[]; metadata: { resourceVersion: string } }>('GET', this.path, { query });
    this.serving.clear();
    list.items.forEach((pod) => this.note(pod));
    this.record();
    return list.metadata.resourceVersion;
  }

  private async follow(version: string): Promise<void> {
    let from = version;
    try {
      while (!this.abort.signal.aborted) {
        let lost = false;
        await this.api.watch(this.path, { labelSelector: this.labelSelector, resourceVersion: from, allowWatchBookmarks: 'true' }, (type, pod) => {
          if (type === 'ERROR') {
            lost = true;
            return;
          }
          from = pod.metadata.resourceVersion!;
          if (type !== 'BOOKMARK') {
            this.note(type === 'DELETED' ? undefined : pod, pod.metadata.name);
            this.record();
          }
        }, this.abort.signal);
        if (lost) {
          from = await this.list();
        }
      }
    } catch (error) {
      this.failure = error;
    }
  }

  private note(pod: KubeObject | undefined, name = pod?.metadata.name): void {
    if (pod && isReady(pod) && !pod.metadata.deletionTimestamp) {
      this.serving.add(pod.metadata.name);
    } else {
      this.serving.delete(name!);
    }
  }

  private record(): void {
    if (this.history[this.history.length - 1]?.ready !== this.current) {
      this.history.push({ at: Date.now(), ready: this.current });
    }
  }
}
