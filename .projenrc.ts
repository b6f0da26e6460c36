import { cdk8s, javascript } from 'projen';

const project = new cdk8s.ConstructLibraryCdk8s({
  name: 'cdk8s-high-availability',
  description: 'One typed construct that makes everything a Kubernetes service needs to stay up, as plain YAML.',
  keywords: ['kubernetes', 'high-availability', 'cdk8s', 'deployment', 'autoscaling', 'reliability'],
  author: 'The cdk8s-high-availability authors',
  authorAddress: 'https://github.com/cdk8s-high-availability',
  authorOrganization: true,
  copyrightOwner: 'The cdk8s-high-availability authors',
  license: 'Apache-2.0',
  repositoryUrl: 'https://github.com/cdk8s-high-availability/cdk8s-high-availability.git',
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.0.0',
  workflowNodeVersion: '20',
  projenrcTs: true,
  sampleCode: false,
  githubOptions: { mergify: false },

  cdk8sVersion: '2.70.0',
  constructsVersion: '10.3.0',
  jsiiVersion: '~6.0.0',
  peerDeps: ['cdk8s-plus-28@^2.5.6'],
  devDeps: ['cdk8s-cli', 'fast-check', 'tsx', 'yaml'],

  srcdir: 'lib',
  libdir: 'lib',
  publishToPypi: {
    distName: 'cdk8s-high-availability',
    module: 'cdk8s_high_availability',
  },

  jestOptions: {
    // Snapshots that rewrite themselves cannot fail.
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    jestConfig: {
      // The compiled .js of lib/ lies beside its source; tests are about the source.
      moduleFileExtensions: ['ts', 'js', 'json', 'node'],
      // Examples import the library by its published name.
      moduleNameMapper: { '^cdk8s-high-availability$': '<rootDir>/lib' },
      // The props are types only: there is nothing to cover.
      collectCoverageFrom: ['lib/**/*.ts', '!lib/**/*.d.ts', '!lib/high-availability-service-props.ts'],
    },
  },
  eslintOptions: { dirs: ['lib'], devdirs: ['test', 'examples', 'bench'] },
  gitignore: ['dist/', 'node_modules/', '*.pyc', '__pycache__/', '.venv/', '.pytest_cache/'],
});
// 1.13.0 lacks the bindings of most platforms, which `npm ci` takes for an outdated lock file.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
project.tryFindObjectFile('package.json')!.addOverride('jest.coverageThreshold', { global: { lines: 95, branches: 95 } });

project.addTask('bench', {
  description: 'Time and memory against the same objects by hand, as ratios',
  steps: [{ spawn: 'compile' }, { exec: 'tsx --tsconfig bench/tsconfig.json bench/main.ts', receiveArgs: true }],
});
project.addTask('test:cluster', {
  description: 'The manifests on a real control plane',
  exec: 'jest -c test/cluster/jest.config.js',
  receiveArgs: true,
});

// Examples and benchmarks run straight from source: nothing needs to be compiled first.
for (const folder of ['examples', 'bench']) {
  new javascript.TypescriptConfig(project, {
    fileName: `${folder}/tsconfig.json`,
    extends: javascript.TypescriptConfigExtends.fromPaths(['../tsconfig.json']),
    compilerOptions: { noEmit: true, rootDir: '..', paths: { 'cdk8s-high-availability': ['../lib/index.ts'] } },
    include: ['**/*.ts'],
  });
}

project.tryFindObjectFile('.eslintrc.json')!.addOverride('settings.import/resolver.typescript.project', ['./tsconfig.json', './examples/tsconfig.json']);

project.npmignore!.addPatterns('/lib/**/*.ts', '!/lib/**/*.d.ts', '/examples/', '/bench/', '/docs/', '/.ci/', '/cdk8s.yaml', '/CONTRIBUTING.md');

project.synth();
