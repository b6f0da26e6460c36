import { Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps, ScalingMetric, Severity } from '../../lib';
import { container, describeFaults, describeRule, findings, service } from '../fixtures';

const { mebibytes, gibibytes, kibibytes } = Size;

/** Scales by something that needs no request, so that each resource can be left out. */
const scalingMetrics = [ScalingMetric.cpuAverage(Cpu.units(1))];

function needs(given?: ContainerResources): Partial<HighAvailabilityServiceProps> {
  return { resources: given };
}

function resources(given?: ContainerResources): any {
  return container(service({ resources: given, scalingMetrics })).resources;
}

describe('the default', () => {
  test('requests a quarter of a CPU, and has room up to a whole one', () => {
    expect(resources()).toMatchObject({ requests: { cpu: '250m' }, limits: { cpu: '1' } });
  });

  test('requests as much memory as it may have', () => {
    expect(resources()).toMatchObject({ requests: { memory: '512Mi' }, limits: { memory: '512Mi' } });
  });

  test('limits the node\'s disk', () => {
    expect(resources()).toMatchObject({ requests: { 'ephemeral-storage': '128Mi' }, limits: { 'ephemeral-storage': '2Gi' } });
  });

  test('holds for an empty object and for undefined entries', () => {
    expect(resources({})).toEqual(resources());
    expect(resources({ cpu: undefined, memory: undefined, ephemeralStorage: undefined })).toEqual(resources());
    expect(resources({ cpu: null as any })).toEqual(resources());
  });
});

describe('what is given', () => {
  test('replaces request and limit of the CPU together, and nothing else', () => {
    const { requests, limits } = resources({ cpu: { request: Cpu.millis(100) } });
    expect(requests).toEqual({ 'cpu': '100m', 'memory': '512Mi', 'ephemeral-storage': '128Mi' });
    expect(limits).toEqual({ 'memory': '512Mi', 'ephemeral-storage': '2Gi' });
  });

  test('replaces request and limit of the memory together, and nothing else', () => {
    const { requests, limits } = resources({ memory: { request: gibibytes(1), limit: gibibytes(2) } });
    expect(requests).toEqual({ 'cpu': '250m', 'memory': '1Gi', 'ephemeral-storage': '128Mi' });
    expect(limits).toEqual({ 'cpu': '1', 'memory': '2Gi', 'ephemeral-storage': '2Gi' });
  });

  test('replaces request and limit of the ephemeral storage together, exact to the mebibyte', () => {
    const { requests, limits } = resources({ ephemeralStorage: { request: mebibytes(100), limit: mebibytes(1500) } });
    expect(requests).toEqual({ 'cpu': '250m', 'memory': '512Mi', 'ephemeral-storage': '100Mi' });
    expect(limits).toEqual({ 'cpu': '1', 'memory': '512Mi', 'ephemeral-storage': '1500Mi' });
  });

  test('can be a limit alone', () => {
    const { requests, limits } = resources({ ephemeralStorage: { limit: gibibytes(4) } });
    expect(requests).toEqual({ cpu: '250m', memory: '512Mi' });
    expect(limits['ephemeral-storage']).toBe('4Gi');
  });

  test('can switch a resource off', () => {
    const { requests, limits } = resources({ ephemeralStorage: {} });
    expect(requests).not.toHaveProperty('ephemeral-storage');
    expect(limits).not.toHaveProperty('ephemeral-storage');
  });

  test('can switch them all off, if that is acknowledged', () => {
    const web = service({ resources: { cpu: {}, memory: {}, ephemeralStorage: {} }, scalingMetrics, acknowledgements: { 'HA-H1': 'a test' } });
    expect(container(web).resources).toBeUndefined();
  });

  test('can be memory that is no whole number of mebibytes', () => {
    expect(resources({ memory: { request: kibibytes(1500), limit: kibibytes(1500) } })).toMatchObject({ requests: { memory: '1500Ki' }, limits: { memory: '1500Ki' } });
    expect(resources({ memory: { request: mebibytes(0.5), limit: gibibytes(0.5) } })).toMatchObject({ requests: { memory: '512Ki' }, limits: { memory: '512Mi' } });
  });

  test('can be CPUs in units with a fraction', () => {
    expect(resources({ cpu: { request: Cpu.units(0.125), limit: Cpu.units(2.5) } })).toMatchObject({ requests: { cpu: '125m' }, limits: { cpu: '2500m' } });
  });
});

const cpu = (request?: Cpu, limit?: Cpu) => needs({ cpu: { request, limit } });
const memory = (request?: Size, limit?: Size) => needs({ memory: { request, limit } });
const storage = (request?: Size, limit?: Size) => needs({ ephemeralStorage: { request, limit } });
describeFaults([
  ['no CPU', cpu(Cpu.millis(0)), "resources.cpu.request: '0m' is no whole number of millicpus above 0; give one such as Cpu.millis(250).", cpu(Cpu.millis(1))],
  ['less than no CPU', cpu(Cpu.millis(-5)), "resources.cpu.request: '-5m' is no whole number of millicpus above 0", cpu(Cpu.millis(5))],
  ['CPU of NaN', cpu(Cpu.units(NaN)), "resources.cpu.request: 'NaN' is no whole number of millicpus", cpu(Cpu.units(1))],
  ['half a millicpu', cpu(Cpu.millis(0.5)), "resources.cpu.request: '0.5m' is no whole number of millicpus", cpu(Cpu.millis(1))],
  ['a tenth of a millicpu', cpu(Cpu.units(0.0001)), "resources.cpu.request: '0.0001' is no whole number of millicpus", cpu(Cpu.units(0.001))],
  ['a sum that floating point gets wrong', cpu(Cpu.units(0.1 + 0.2)), "resources.cpu.request: '0.30000000000000004' is no whole number of millicpus", cpu(Cpu.units(0.3))],
  ['CPU as a string', cpu('250m' as any), "resources.cpu.request: '250m' is no whole number of millicpus", cpu(Cpu.millis(250))],
  ['a CPU limit of 0', cpu(Cpu.millis(1), Cpu.units(0)), "resources.cpu.limit: '0' is no whole number of millicpus above 0", cpu(Cpu.millis(1), Cpu.units(1))],
  ['a CPU request above the limit', cpu(Cpu.millis(1001), Cpu.units(1)), "resources.cpu.request: '1001m' is above the limit of 1; raise the limit, or lower the request.",
    cpu(Cpu.millis(1000), Cpu.units(1))],
  ['no memory', memory(mebibytes(0), mebibytes(512)), "resources.memory.request: '0Mi' is no whole number of kibibytes above 0; give one such as Size.mebibytes(512).",
    memory(mebibytes(512), mebibytes(512))],
  ['memory of NaN', memory(mebibytes(NaN)), "resources.memory.request: 'NaNMi' is no whole number of kibibytes", memory(mebibytes(1))],
  ['a fraction of a kibibyte', memory(mebibytes(0.0001)), "resources.memory.request: '0.0001Mi' is no whole number of kibibytes", memory(kibibytes(1))],
  ['memory as a string', memory('512Mi' as any), "resources.memory.request: '512Mi' is no whole number of kibibytes", memory(mebibytes(512))],
  ['a memory request above the limit', memory(mebibytes(513), mebibytes(512)), "resources.memory.request: '513Mi' is above the limit of 512Mi", memory(mebibytes(512), mebibytes(512))],
  ['no ephemeral storage', storage(undefined, gibibytes(0)), "resources.ephemeralStorage.limit: '0Gi' is no whole number of kibibytes above 0", storage(undefined, gibibytes(1))],
  ['an ephemeral storage request above the limit', storage(gibibytes(2), gibibytes(1)), "resources.ephemeralStorage.request: '2Gi' is above the limit of 1Gi", storage(gibibytes(1), gibibytes(1))],
]);

describeRule('HA-H1', Severity.ERROR, 'no request for CPU', {
  broken: { resources: { cpu: {} }, scalingMetrics },
  sound: { resources: { cpu: { limit: Cpu.units(1) } }, scalingMetrics },
  says: ['resources: without a request for CPU and memory', 'give a request for both'],
});
describeRule('HA-H1', Severity.ERROR, 'no request for memory', {
  broken: { resources: { memory: {} } },
  sound: { resources: { memory: { limit: mebibytes(512) } } },
  says: ['resources: without a request for CPU and memory'],
});
describeRule('HA-H1', Severity.WARNING, 'more memory than was requested', {
  broken: memory(mebibytes(512), gibibytes(1)),
  sound: memory(mebibytes(1024), gibibytes(1)),
  says: ['resources.memory: the limit (1Gi) is not the request (512Mi)', 'make request and limit the same'],
});
describeRule('HA-H1', Severity.WARNING, 'memory without a limit', {
  broken: memory(mebibytes(512)),
  sound: memory(mebibytes(512), mebibytes(512)),
  says: ['resources.memory: the limit (none) is not the request (512Mi)'],
});
describeRule('HA-H2', Severity.WARNING, 'a CPU limit that leaves little room', {
  broken: cpu(Cpu.millis(251), Cpu.units(1)),
  sound: cpu(Cpu.millis(251)),
  says: ['resources.cpu: the limit of 1 CPU', 'give a limit of 4 times the request or more, or none'],
});
describeRule('HA-H2', Severity.INFORMATION, 'a CPU limit that leaves room', {
  broken: cpu(Cpu.millis(250), Cpu.units(1)),
  sound: cpu(Cpu.millis(250)),
  says: ['stops bursts at 4 times the request'],
});

test('the default resources give nothing but the information that there is a CPU limit', () => {
  expect(findings({}).map(({ rule, severity }) => [rule, severity])).toEqual([['HA-H2', 'information']]);
});
