import { Size } from 'cdk8s';
import { Cpu, PercentOrAbsolute } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { Inspection } from '../../lib/private/inspection';
import { cpus, intOrString, kibibytes, podCount, quantity } from '../../lib/private/quantity';
import { chart } from '../fixtures';

const { absolute, percent } = PercentOrAbsolute;

function counted(amount: PercentOrAbsolute, replicas: number, round: (x: number) => number): { pods: number; errors: string[] } {
  const inspection = new Inspection(chart(), {});
  return { pods: podCount(inspection, 'pods', amount, replicas, round), errors: inspection.errors() };
}

const replicas = fc.integer({ min: 1, max: 1000 });
const share = fc.integer({ min: 0, max: 100 });

describe('podCount', () => {
  test('takes a number as it is', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999 }), replicas, (pods, all) => {
      expect(counted(absolute(pods), all, Math.ceil)).toEqual({ pods, errors: [] });
    }));
  });

  test('rounds a share up, to the smallest number that is no less', () => {
    fc.assert(fc.property(share, replicas, (part, all) => {
      const { pods } = counted(percent(part), all, Math.ceil);
      expect(Number.isInteger(pods)).toBe(true);
      expect(pods * 100).toBeGreaterThanOrEqual(part * all);
      expect((pods - 1) * 100).toBeLessThan(part * all);
    }));
  });

  test('rounds a share down, to the largest number that is no more', () => {
    fc.assert(fc.property(share, replicas, (part, all) => {
      const { pods } = counted(percent(part), all, Math.floor);
      expect(Number.isInteger(pods)).toBe(true);
      expect(pods * 100).toBeLessThanOrEqual(part * all);
      expect((pods + 1) * 100).toBeGreaterThan(part * all);
    }));
  });

  test.each([[0, 0], [100, 7]])('of %s %% of 7 is exact', (part, pods) => {
    expect(counted(percent(part), 7, Math.ceil).pods).toBe(pods);
    expect(counted(percent(part), 7, Math.floor).pods).toBe(pods);
  });

  test.each([absolute(-1), absolute(0.5), absolute(NaN), absolute(Infinity), absolute(1e21), percent(-1), percent(0.5), percent(NaN), percent(101)])('fails for %j, and counts no pods', amount => {
    const { errors } = counted(amount, 3, Math.ceil);
    expect(errors).toHaveLength(1);
  });

  test('fails for what is nothing', () => {
    expect(counted(null as any, 3, Math.ceil)).toEqual({ pods: NaN, errors: [expect.stringContaining('pods: null is neither a whole number of pods')] });
  });
});

test('intOrString keeps numbers and percentages apart', () => {
  expect(intOrString(absolute(1)).value).toBe(1);
  expect(intOrString(percent(1)).value).toBe('1%');
});

describe('quantity', () => {
  const UNITS: Record<string, number> = { Ki: 1, Mi: 1024, Gi: 1024 ** 2, Ti: 1024 ** 3 };

  test('loses nothing, and needs no larger number than its unit allows', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 33 }), fc.constantFrom(1, 1024, 1024 ** 2), (amount, unit) => {
      const [, number, suffix] = /^(\d+)(Ki|Mi|Gi|Ti)$/.exec(quantity(Size.kibibytes(amount * unit)))!;
      expect(Number(number) * UNITS[suffix]).toBe(amount * unit);
      expect(suffix === 'Ti' || Number(number) % 1024 !== 0).toBe(true);
    }));
  });

  test.each([
    [Size.kibibytes(0), '0Ki'], [Size.kibibytes(1023), '1023Ki'], [Size.kibibytes(1024), '1Mi'], [Size.mebibytes(512), '512Mi'], [Size.mebibytes(1500), '1500Mi'], [Size.gibibytes(2), '2Gi'],
    [Size.tebibytes(3), '3Ti'], [Size.pebibyte(1), '1024Ti'], [Size.gibibytes(0.5), '512Mi'],
  ])('of %j is %s', (size, text) => {
    expect(quantity(size)).toBe(text);
  });
});

test('kibibytes are whole numbers, or none', () => {
  expect(kibibytes(Size.mebibytes(1.5))).toBe(1536);
  expect([Size.kibibytes(1.5), Size.mebibytes(0.0001), Size.mebibytes(NaN), '512Mi', undefined].map(size => kibibytes(size as any))).toEqual([NaN, NaN, NaN, NaN, NaN]);
});

describe('cpus', () => {
  test('are the same in units and in thousandths', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 512_000 }), millis => {
      expect(cpus(Cpu.millis(millis))).toBe(millis / 1000);
      expect(cpus(Cpu.units(millis / 1000))).toBe(millis / 1000);
    }));
  });

  test('are none where Kubernetes would not know the amount', () => {
    expect([Cpu.millis(-1), Cpu.millis(0.5), Cpu.units(0.0001), Cpu.units(1e21), Cpu.units(NaN), { amount: '' }, { amount: ' 1' }, '1', undefined].map(cpu => cpus(cpu as any)))
      .toEqual(Array(9).fill(NaN));
  });
});
