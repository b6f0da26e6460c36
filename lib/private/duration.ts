import { Duration } from 'cdk8s';

/** @returns how many seconds these are, with their fraction; NaN if it is no duration */
export function secondsOf(duration: Duration): number {
  return typeof duration?.toMilliseconds === 'function' ? duration.toMilliseconds({ integral: false }) / 1000 : NaN;
}
