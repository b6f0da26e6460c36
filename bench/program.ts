import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { ConfigMap } from 'cdk8s-plus-28';

/** One program that is measured: how many services of which kind, in how many charts. */
export interface Program {
  readonly maker: 'ours' | 'by-hand';
  readonly charts: number;
  readonly servicesPerChart: number;

  /** Whether each chart has a ConfigMap, and whether its services read it. */
  readonly configuration?: 'unused' | 'used';
}

/** What one run of a program cost. */
export interface Cost {
  /** Of all processors: unlike the clock, it does not run on while others use the machine. */
  readonly milliseconds: number;
  readonly peakMegabytes: number;

  /** What stays in memory per service before the synthesis. */
  readonly heapKilobytes: number;
}

/** Declares the program's services. */
export async function declare({ maker, charts, servicesPerChart, configuration }: Program, outdir?: string): Promise<() => App> {
  const { declareService } = maker === 'ours' ? await import('./ours.js') : await import('./by-hand.js');
  return () => {
    const app = new App({ outdir });
    for (let c = 0; c < charts; c++) {
      const chart = new Chart(app, `chart-${c}`);
      const map = configuration && new ConfigMap(chart, 'settings', { data: { LEVEL: 'info', CHART: `${c}` } });
      for (let s = 0; s < servicesPerChart; s++) {
        declareService(chart, `service-${c}-${s}`, configuration === 'used' ? map : undefined);
      }
    }
    return app;
  };
}

/** Runs in a process of its own, so that no run finds another one's memory or compiled code. */
async function main(program: Program): Promise<void> {
  const outdir = mkdtempSync(join(tmpdir(), 'bench-'));
  const run = await declare(program, outdir);
  const before = heap();
  const start = process.cpuUsage();
  const app = run();
  const heapKilobytes = (heap() - before) / 1024 / program.charts / program.servicesPerChart;
  app.synth();
  const { user, system } = process.cpuUsage(start);
  const cost: Cost = { milliseconds: (user + system) / 1000, peakMegabytes: process.resourceUsage().maxRSS / 1024, heapKilobytes };
  rmSync(outdir, { recursive: true });
  process.stdout.write(JSON.stringify(cost));
}

/** Only exact with `--expose-gc`, which disturbs the other measurements. */
function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

if (require.main === module) {
  void main(JSON.parse(process.argv[2]));
}
