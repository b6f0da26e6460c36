import { Size } from 'cdk8s';
import { ContainerResources, Cpu, k8s } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';
import { cpuQuantity, cpus, kibibytes, quantity } from '../private/quantity';
import { Severity } from '../review/finding';

/** Room for bursts and for starting; memory is certain, so that no neighbour's peak gets a pod killed. */
const DEFAULTS: ContainerResources = {
  cpu: { request: Cpu.millis(250), limit: Cpu.units(1) },
  memory: { request: Size.mebibytes(512), limit: Size.mebibytes(512) },
  ephemeralStorage: { request: Size.mebibytes(128), limit: Size.gibibytes(2) },
};

/** What a container that stands beside the service gets unless it says what it needs. */
export const SIDECAR_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(50), limit: Cpu.millis(500) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(128) },
};

/** From which ratio of limit to request on a CPU limit leaves room for bursts. */
const ROOMY = 4;

/** The defaults, replaced resource by resource, request and limit together. */
export function withDefaults(given: ContainerResources = {}): ContainerResources {
  return { ...DEFAULTS, ...Object.fromEntries(Object.entries(given).filter(([, pair]) => pair)) };
}

/** Checks what a container asks for. */
export function inspectResources(inspection: Inspection, resources: ContainerResources): void {
  const { cpu, memory } = resources;
  const cpuAmounts = inspectAmounts(inspection, 'resources', resources);
  if (!cpu?.request && !cpu?.limit || !memory?.request && !memory?.limit) {
    inspection.finding('HA-H1', {
      message: 'resources: without a request for CPU and memory the scheduler packs nodes as if the pod needed nothing',
      remedy: 'give a request for both',
      severity: Severity.ERROR,
    });
  }
  if (memory?.request && kibibytes(memory.limit!) !== kibibytes(memory.request)) {
    inspection.finding('HA-H1', {
      message: `resources.memory: the limit (${memory.limit ? quantity(memory.limit) : 'none'}) is not the request (${quantity(memory.request)}): `
        + 'what a pod uses above its request is taken away when the node runs short, by killing the pod',
      remedy: 'make request and limit the same',
    });
  }
  if (cpuAmounts) {
    const [request, limit] = cpuAmounts;
    inspection.finding('HA-H2', {
      message: `resources.cpu: the limit of ${limit} CPU stops bursts at ${limit / request} times the request, though the node may be idle`,
      ...(limit / request >= ROOMY
        ? { remedy: 'give no limit if bursts matter more than neighbours', severity: Severity.INFORMATION }
        : { remedy: `give a limit of ${ROOMY} times the request or more, or none` }),
    });
  }
}

/** How a kind of resource is measured. */
interface Measure<T> {
  readonly amount: (x: T) => number;
  readonly show: (x: T) => string;
  readonly rule: string;
  readonly example: string;
}

const CPU: Measure<Cpu> = { amount: cpus, show: x => x?.amount ?? String(x), rule: 'is no whole number of millicpus above 0', example: 'Cpu.millis(250)' };
const STORAGE: Measure<Size> = {
  amount: kibibytes, show: x => x?.asString?.() ?? String(x), rule: 'is no whole number of kibibytes above 0', example: 'Size.mebibytes(512)',
};

/**
 * Checks that amounts are amounts.
 *
 * @returns the CPU request and limit if both are there and sound
 */
export function inspectAmounts(inspection: Inspection, prop: string, resources: ContainerResources): [number, number] | undefined {
  const { cpu, memory, ephemeralStorage } = resources;
  inspectPair(inspection, `${prop}.memory`, memory, STORAGE);
  inspectPair(inspection, `${prop}.ephemeralStorage`, ephemeralStorage, STORAGE);
  return inspectPair(inspection, `${prop}.cpu`, cpu, CPU);
}

/** @returns request and limit if both are there and sound */
function inspectPair<T>(
  inspection: Inspection, prop: string, pair: { request?: T; limit?: T } | undefined, { amount, show, rule, example }: Measure<T>,
): [number, number] | undefined {
  const { request, limit } = pair ?? {};
  for (const [name, given] of Object.entries({ request, limit })) {
    if (given !== undefined && !(amount(given) > 0)) {
      inspection.fault(`${prop}.${name}`, show(given), rule, `give one such as ${example}`);
      return undefined;
    }
  }
  if (request === undefined || limit === undefined) {
    return undefined;
  }
  if (amount(request) > amount(limit)) {
    inspection.fault(`${prop}.request`, show(request), `is above the limit of ${show(limit)}`, 'raise the limit, or lower the request');
    return undefined;
  }
  return [amount(request), amount(limit)];
}

/** The same, rounded up to what cdk8s-plus can say: memory in whole mebibytes, ephemeral storage in whole gibibytes. */
export function roundedUp({ cpu, memory, ephemeralStorage }: ContainerResources): ContainerResources {
  const round = (pair: { request?: Size; limit?: Size } | undefined, unit: number, make: (amount: number) => Size) => pair && {
    request: pair.request && make(Math.ceil(kibibytes(pair.request) / unit)),
    limit: pair.limit && make(Math.ceil(kibibytes(pair.limit) / unit)),
  };
  return { cpu, memory: round(memory, 1024, Size.mebibytes), ephemeralStorage: round(ephemeralStorage, 1024 ** 2, Size.gibibytes) };
}

/** What a container asks for, in Kubernetes' words, exactly. */
export function renderResources({ cpu, memory, ephemeralStorage }: ContainerResources): k8s.ResourceRequirements | undefined {
  const render = (side: 'request' | 'limit') => {
    const amounts: Record<string, k8s.Quantity> = {};
    const add = (resource: string, amount?: string) => {
      if (amount !== undefined) {
        amounts[resource] = k8s.Quantity.fromString(amount);
      }
    };
    add('cpu', cpu?.[side] && cpuQuantity(cpu[side]));
    add('memory', memory?.[side] && quantity(memory[side]));
    add('ephemeral-storage', ephemeralStorage?.[side] && quantity(ephemeralStorage[side]));
    return Object.keys(amounts).length > 0 ? amounts : undefined;
  };
  const requests = render('request');
  const limits = render('limit');
  return requests || limits ? { requests, limits } : undefined;
}
