import { Size, SizeRoundingBehavior } from 'cdk8s';
import { Cpu, k8s, PercentOrAbsolute } from 'cdk8s-plus-28';
import { Inspection } from './inspection';

/** @returns how many CPUs these are; NaN if it is no amount, or a finer one than Kubernetes has */
export function cpus(cpu: Cpu): number {
  const [, milli, units] = /^(?:(\d+)m|(\d+(?:\.\d{1,3})?))$/.exec(cpu?.amount) ?? [];
  return milli !== undefined ? Number(milli) / 1000 : Number(units ?? NaN);
}

/** Kubernetes' own notation of an amount of CPU. */
export function cpuQuantity(cpu: Cpu): string {
  const milli = Math.round(cpus(cpu) * 1000);
  return milli % 1000 === 0 ? `${milli / 1000}` : `${milli}m`;
}

/** @returns how many kibibytes these are; NaN if it is no whole number of them */
export function kibibytes(size: Size): number {
  const amount = typeof size?.toKibibytes === 'function' ? size.toKibibytes({ rounding: SizeRoundingBehavior.NONE }) : NaN;
  return Number.isInteger(amount) ? amount : NaN;
}

/** Kubernetes' own notation of a size, exact to the kibibyte, in the largest unit that fits. */
export function quantity(size: Size): string {
  let amount = kibibytes(size);
  const units = ['Ki', 'Mi', 'Gi', 'Ti'];
  while (amount >= 1024 && amount % 1024 === 0 && units.length > 1) {
    amount /= 1024;
    units.shift();
  }
  return `${amount}${units[0]}`;
}

/**
 * Reads a number of pods or a percentage.
 *
 * @param round - which way Kubernetes rounds: surge and budgets up, a rollout's unavailable pods down
 * @param most - the highest percentage that Kubernetes accepts
 * @returns how many pods that is, of so many
 */
export function podCount(
  inspection: Inspection, prop: string, amount: PercentOrAbsolute, replicas: number, round: (x: number) => number, most: number = 100,
): number {
  const value: unknown = amount?.value;
  const [, number, percent] = (typeof value === 'number' ? /^(\d{1,9})$/ : /^(\d{1,9})(%)$/).exec(String(value)) ?? [];
  if (number === undefined) {
    inspection.fault(prop, value ?? amount, 'is neither a whole number of pods nor a whole percentage',
      'give PercentOrAbsolute.absolute(1) or PercentOrAbsolute.percent(25)');
  } else if (percent && Number(number) > most) {
    inspection.fault(prop, value, 'is more than all pods', 'give at most 100 %');
  }
  return percent ? round(Number(number) * replicas / 100) : Number(number ?? NaN);
}

/** The amount in the words of the Kubernetes API. */
export function intOrString(amount: PercentOrAbsolute): k8s.IntOrString {
  return typeof amount.value === 'number' ? k8s.IntOrString.fromNumber(amount.value) : k8s.IntOrString.fromString(amount.value);
}
