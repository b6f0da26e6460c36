import { Size } from 'cdk8s';
import { Cpu, Metric, MetricTarget } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps, ScalingMetric, Spread } from '../../lib';
import { findings, manifest, refusal, service } from '../fixtures';

const metrics = (...scalingMetrics: ScalingMetric[]) => manifest(service({ scalingMetrics }), 'HorizontalPodAutoscaler').spec.metrics;
const withoutRequest = (name: 'cpu' | 'memory', extra: Partial<HighAvailabilityServiceProps> = {}) => ({
  sidecars: [{ name: 'proxy', image: 'envoy:1', resources: { [name === 'cpu' ? 'memory' : 'cpu']: name === 'cpu' ? { request: Size.mebibytes(64) } : { request: Cpu.millis(50) } } }],
  ...extra,
});

test('65 % of the CPU request is the default', () => {
  expect(manifest(service(), 'HorizontalPodAutoscaler').spec.metrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 65 } } },
  ]);
});

test.each([
  ['CPU against the request', ScalingMetric.cpuUtilization(50), { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } }],
  ['memory against the request', ScalingMetric.memoryUtilization(80), { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } }],
  ['an amount of CPU', ScalingMetric.cpuAverage(Cpu.millis(300)), { name: 'cpu', target: { type: 'AverageValue', averageValue: 0.3 } }],
  ['an amount of memory', ScalingMetric.memoryAverage(Size.mebibytes(300)), { name: 'memory', target: { type: 'AverageValue', averageValue: 300 * 1024 * 1024 } }],
])('scales by %s', (_, metric, resource) => {
  expect(metrics(ScalingMetric.cpuUtilization(60), metric)[1]).toEqual({ type: 'Resource', resource });
});

test('scales by whatever cdk8s-plus can say', () => {
  const [metric] = metrics(ScalingMetric.of(Metric.external({ name: 'queue', target: MetricTarget.averageValue(30) })));
  expect(metric).toEqual({ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: 30 } } });
});

test.each([1, 100])('accepts a target of %p %%', percent => {
  expect(metrics(ScalingMetric.memoryUtilization(percent), ScalingMetric.cpuUtilization(percent))).toHaveLength(2);
});

test.each([0, 101, 65.5, NaN, '65'])('fails for a target of %p %%', percent => {
  const shown = typeof percent === 'string' ? `'${percent}'` : percent;
  expect(refusal({ scalingMetrics: [ScalingMetric.cpuUtilization(percent as any), ScalingMetric.memoryUtilization(percent as any)] })).toBe(
    `HighAvailabilityService 'test/web' is refused:\n  - scalingMetrics.cpuUtilization: ${shown} is no whole number from 1 to 100; give one.\n`
    + `  - scalingMetrics.memoryUtilization: ${shown} is no whole number from 1 to 100; give one.`);
});

test('fails for an amount of nothing', () => {
  expect(refusal({ scalingMetrics: [ScalingMetric.cpuAverage(Cpu.millis(0))] })).toContain('scalingMetrics: 0 is no target above 0; give a positive amount.');
  expect(refusal({ scalingMetrics: [ScalingMetric.memoryAverage(Size.mebibytes(0))] })).toContain('scalingMetrics: 0 is no target above 0');
});

test('fails for no metric at all', () => {
  expect(refusal({ scalingMetrics: [] })).toContain("scalingMetrics: '[]' is empty; leave it out for the default, or give replicas to switch the autoscaler off.");
});

test.each([[undefined], ['cpu'], [{}]])('fails for %p in place of a metric', metric => {
  expect(refusal({ scalingMetrics: [metric as any] })).toContain('is no ScalingMetric; make one, such as ScalingMetric.cpuUtilization(65).');
});

describe('a target that leaves no room for a lost zone', () => {
  test('is a finding', () => {
    expect(findings({ scalingMetrics: [ScalingMetric.cpuUtilization(80)] }, 'HA-A5')).toMatchObject([{
      message: 'scalingMetrics.cpuUtilization: at 80 %, the loss of one of 3 zones puts 120 % on the others until new pods run', remedy: 'aim at 66 % or less',
    }]);
  });

  test('is none at two thirds', () => expect(findings({ scalingMetrics: [ScalingMetric.cpuUtilization(66)] }, 'HA-A5')).toEqual([]));

  test.each([[2, 51, 1], [2, 50, 0], [4, 75, 0], [4, 76, 1], [1, 100, 0]])('depends on the zones: of %i, at %i %%', (zones, percent, expected) => {
    expect(findings({ scalingMetrics: [ScalingMetric.cpuUtilization(percent)], spread: Spread.preferred({ zones }) }, 'HA-A5')).toHaveLength(expected);
  });

  test('is none for memory, which does not move with the load', () => {
    expect(findings({ scalingMetrics: [ScalingMetric.cpuUtilization(60), ScalingMetric.memoryUtilization(90)] }, 'HA-A5')).toEqual([]);
  });
});

describe('memory as the only metric', () => {
  test('is a finding', () => {
    expect(findings({ scalingMetrics: [ScalingMetric.memoryUtilization(80)] }, 'HA-A9')).toMatchObject([{ remedy: 'add ScalingMetric.cpuUtilization(65)' }]);
    expect(findings({ scalingMetrics: [ScalingMetric.memoryAverage(Size.gibibytes(1))] }, 'HA-A9')).toHaveLength(1);
  });

  test('is none beside another', () => {
    expect(findings({ scalingMetrics: [ScalingMetric.memoryUtilization(80), ScalingMetric.cpuUtilization(60)] }, 'HA-A9')).toEqual([]);
  });
});

describe('a metric against a request that a container does not make', () => {
  test('fails', () => {
    expect(refusal(withoutRequest('cpu'))).toContain(
      'scalingMetrics: cpu use is measured against the request, but proxy requests none: the autoscaler would do nothing at all [HA-A3]; '
      + 'give every container a cpu request, or measure an absolute amount',
    );
  });

  test('fails for memory', () => {
    const scalingMetrics = [ScalingMetric.memoryUtilization(80), ScalingMetric.cpuUtilization(65)];
    expect(refusal(withoutRequest('memory', { scalingMetrics }))).toContain('scalingMetrics: memory use is measured against the request, but proxy requests none');
  });

  test('is fine for an absolute amount', () => {
    expect(findings(withoutRequest('cpu', { scalingMetrics: [ScalingMetric.cpuAverage(Cpu.millis(200))] }), 'HA-A3')).toEqual([]);
  });

  test('is fine for the other resource', () => {
    expect(findings(withoutRequest('memory'), 'HA-A3')).toEqual([]);
  });

  test('is one finding if it is acknowledged', () => {
    expect(findings(withoutRequest('cpu', { acknowledgements: { 'HA-A3': 'a mutating webhook adds it' } }), 'HA-A3')).toHaveLength(1);
  });
});

describe('a metric that is added later', () => {
  test('stands beside the others', () => {
    const web = service();
    web.addMetric(ScalingMetric.memoryUtilization(80));
    expect(manifest(web, 'HorizontalPodAutoscaler').spec.metrics.map((metric: any) => metric.resource.name)).toEqual(['cpu', 'memory']);
  });

  test('that joins memory ends the finding that memory is alone', () => {
    const web = service({ scalingMetrics: [ScalingMetric.memoryUtilization(80)] });
    expect(web.findings.map(({ rule }) => rule)).toContain('HA-A9');
    web.addMetric(ScalingMetric.cpuUtilization(60));
    expect(web.findings.map(({ rule }) => rule)).not.toContain('HA-A9');
  });

  test('fails if the number of pods is fixed', () => {
    expect(refusal(() => service({ replicas: 3 }).addMetric(ScalingMetric.cpuUtilization(50)))).toBe("HighAvailabilityService 'test/web' is refused:\n"
      + "  - addMetric: 'a metric' has no use, since replicas is fixed; give minReplicas and maxReplicas instead of replicas.");
  });

  test('fails if its target is out of range, and is then not there', () => {
    const web = service();
    expect(refusal(() => web.addMetric(ScalingMetric.memoryUtilization(0)))).toContain('scalingMetrics.memoryUtilization: 0 is no whole number from 1 to 100');
    expect(manifest(web, 'HorizontalPodAutoscaler').spec.metrics).toHaveLength(1);
    expect(web.findings.map(({ rule }) => rule)).toEqual(['HA-H2']);
  });

  test('fails when synthesized if a container does not make the request', () => {
    const web = service(withoutRequest('memory'));
    web.addMetric(ScalingMetric.memoryUtilization(80));
    expect(refusal(() => manifest(web, 'Deployment'))).toContain('[test/web] scalingMetrics: memory use is measured against the request, but proxy requests none');
  });

  test('is among the findings if it leaves no room for a lost zone', () => {
    const web = service();
    web.addMetric(ScalingMetric.cpuUtilization(90));
    expect(web.findings.filter(({ rule }) => rule === 'HA-A5')).toHaveLength(1);
  });
});
