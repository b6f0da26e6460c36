// Tests on a real control plane: npx jest -c test/cluster/jest.config.js
module.exports = {
  rootDir: '../..',
  testMatch: ['<rootDir>/test/cluster/**/*.cluster.ts'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'test/tsconfig.json' }] },
  globalSetup: '<rootDir>/test/cluster/global-setup.ts',
  globalTeardown: '<rootDir>/test/cluster/global-teardown.ts',
  // One file after the other: they share the nodes, and a test may drain them.
  maxWorkers: 1,
  testTimeout: 600_000,
  verbose: true,
};
