import { Comparison, compare, HEAD, line, met, Row } from './comparison';
import { Cost, Program } from './program';
import { compileLibrary, runProcess, setUp, tearDown } from './workbench';

/** The python of a virtual environment that has the library's wheel. */
const PYTHON = process.env.BENCH_PYTHON;

const USAGE = `usage: main.ts [--quick] [--report-only]
  --quick        fewer runs and fewer services: a first impression
  --report-only  end with 0 also if a target is missed
`;

function comparisons(folder: string, quick: boolean): Comparison<any>[] {
  const runs = (usual: number) => quick ? Math.ceil(usual / 3) : usual;
  const synth = (program: Program, ...flags: string[]) => (): Cost => JSON.parse(runProcess(folder, 'node', [...flags, 'program.js', JSON.stringify(program)]));
  const time = (target: number) => ({ name: 'CPU time', cost: (c: Cost) => c.milliseconds, unit: 'ms', target });
  const peak = (target: number) => ({ name: 'peak memory', cost: (c: Cost) => c.peakMegabytes, unit: 'MB', target });

  const oneChart = { charts: 1, servicesPerChart: 1000 };
  const manyCharts = { charts: 300, servicesPerChart: 1 };
  const scale = quick ? 300 : 1000;
  return [
    {
      name: '1,000 services in a chart, against by hand',
      runs: runs(9),
      measured: synth({ maker: 'ours', ...oneChart }),
      baseline: synth({ maker: 'by-hand', ...oneChart }),
      aspects: [time(1.15), peak(1.15)],
    },
    {
      name: 'before synthesis, against by hand',
      runs: runs(3),
      measured: synth({ maker: 'ours', ...oneChart }, '--expose-gc'),
      baseline: synth({ maker: 'by-hand', ...oneChart }, '--expose-gc'),
      aspects: [{ name: 'heap per service', cost: (c: Cost) => c.heapKilobytes, unit: 'KB' }],
    },
    {
      name: `${(10 * scale).toLocaleString('en')} services against ${scale.toLocaleString('en')}`,
      runs: runs(3),
      measured: synth({ maker: 'ours', charts: 1, servicesPerChart: 10 * scale }),
      baseline: synth({ maker: 'ours', charts: 1, servicesPerChart: scale }),
      aspects: [time(11), peak(11)],
    },
    {
      name: '300 charts of one service, against by hand',
      runs: runs(9),
      measured: synth({ maker: 'ours', ...manyCharts }),
      baseline: synth({ maker: 'by-hand', ...manyCharts }),
      aspects: [time(1.1), peak(1.1)],
    },
    {
      name: 'a ConfigMap that 1,000 services read, against one unread',
      runs: runs(5),
      measured: synth({ maker: 'ours', ...oneChart, configuration: 'used' }),
      baseline: synth({ maker: 'ours', ...oneChart, configuration: 'unused' }),
      aspects: [time(1.1)],
    },
    {
      name: '300 charts whose service reads a ConfigMap, against unread',
      runs: runs(5),
      measured: synth({ maker: 'ours', ...manyCharts, configuration: 'used' }),
      baseline: synth({ maker: 'ours', ...manyCharts, configuration: 'unused' }),
      aspects: [time(1.1)],
    },
    {
      name: 'loading in Node, against cdk8s and cdk8s-plus-28',
      runs: runs(21),
      measured: () => loadInNode(folder, ['cdk8s', 'cdk8s-plus-28', 'cdk8s-high-availability']),
      baseline: () => loadInNode(folder, ['cdk8s', 'cdk8s-plus-28']),
      aspects: [{ name: 'CPU time', cost: (milliseconds: number) => milliseconds, unit: 'ms', target: 1.15 }],
    },
    ...PYTHON ? [{
      name: 'loading in Python, against cdk8s and cdk8s-plus-28',
      runs: runs(9),
      measured: () => loadInPython(folder, PYTHON, ['cdk8s', 'cdk8s_plus_28', 'cdk8s_high_availability']),
      baseline: () => loadInPython(folder, PYTHON, ['cdk8s', 'cdk8s_plus_28']),
      aspects: [{ name: 'time', cost: (milliseconds: number) => milliseconds, unit: 'ms', target: 1.15 }],
    }] : [],
  ];
}

function loadInNode(folder: string, packages: string[]): number {
  const requires = packages.map(name => `require('${name}');`).join(' ');
  const script = `const start = process.cpuUsage(); ${requires} const { user, system } = process.cpuUsage(start); console.log((user + system) / 1000)`;
  return Number(runProcess(folder, 'node', ['-e', script]));
}

/** By the clock, since most of it happens in another process: the JavaScript engine that Python talks to. */
function loadInPython(folder: string, python: string, packages: string[]): number {
  const script = `import time; start = time.perf_counter(); import ${packages.join(', ')}; print(1000 * (time.perf_counter() - start))`;
  return Number(runProcess(folder, python, ['-c', script]));
}

function main(args: string[]): number {
  const unknown = args.filter(arg => !['--quick', '--report-only'].includes(arg));
  if (unknown.length > 0) {
    process.stderr.write(`unknown option: ${unknown.join(' ')}\n${USAGE}`);
    return 2;
  }
  compileLibrary();
  const folder = setUp();
  const rows: Row[] = [];
  try {
    runProcess(folder, 'node', ['same-content.js']);
    process.stdout.write(`${HEAD}\n`);
    for (const comparison of comparisons(folder, args.includes('--quick'))) {
      const found = compare(comparison);
      process.stdout.write(found.map(row => `${line(row)}\n`).join(''));
      rows.push(...found);
    }
  } finally {
    tearDown(folder);
  }
  if (!PYTHON) {
    process.stdout.write('loading in Python: skipped, since BENCH_PYTHON names no python that has the wheel\n');
  }
  return rows.every(met) || args.includes('--report-only') ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
