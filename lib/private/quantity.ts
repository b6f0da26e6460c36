import { Size } from 'cdk8s';
import { Cpu, k8s, PercentOrAbsolute } from 'cdk8s-plus-28';
import { Inspection } from './inspection';

/** @returns how many CPUs these are; NaN if it is no amount */
export function cpus(cpu: Cpu): number {
  const [, number, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(cpu.amount) ?? [];
  return number === undefined ? NaN : Number(number) / (milli ? 1000 : 1);
}

/** Kubernetes' own notation of a size, exact to the kibibyte, in the largest unit that fits. */
export function quantity(size: Size): string {
  let amount = size.toKibibytes();
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
 * @returns how many pods that is, of so many
 */
export function podCount(inspection: Inspection, prop: string, amount: PercentOrAbsolute, replicas: number, round: (x: number) => number): number {
  const text = String(amount.value);
  const [, number, percent] = /^(\d+)(%?)$/.exec(text) ?? [];
  if (number === undefined) {
    inspection.fault(prop, text, 'is neither a whole number of pods nor a whole percentage',
      'give PercentOrAbsolute.absolute(1) or PercentOrAbsolute.percent(25)');
  } else if (percent && Number(number) > 100) {
    inspection.fault(prop, text, 'is more than all pods', 'give at most 100 %');
  }
  return percent ? round(Number(number) * replicas / 100) : Number(number);
}

/** The amount in the words of the Kubernetes API. */
export function intOrString(amount: PercentOrAbsolute): k8s.IntOrString {
  return typeof amount.value === 'number' ? k8s.IntOrString.fromNumber(amount.value) : k8s.IntOrString.fromString(amount.value);
}
