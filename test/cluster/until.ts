export interface UntilOptions {
  /** Seconds. */
  readonly timeout: number;
  /** What is waited for, as the message says it: "the Deployment to be complete". */
  readonly description: string;
}

/**
 * Waits until a look at something is satisfied.
 *
 * @returns what the look gave, once it is neither false nor undefined
 * @throws when the time is over; with the error of the last look, if it ended in one
 */
export async function until<T>(look: () => Promise<T | false | undefined>, options: UntilOptions): Promise<T> {
  const deadline = Date.now() + options.timeout * 1000;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== false && seen !== undefined) {
        return seen;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`Waited ${options.timeout} s in vain for ${options.description}${last ? `: ${String(last)}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
