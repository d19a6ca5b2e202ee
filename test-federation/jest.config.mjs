// The tests run on the gateway's own runner and databases, and on the example's subgraph and router: install and build those first.
export default {
  testMatch: ['<rootDir>/*.test.mjs'],
  transform: {},
  globalSetup: '<rootDir>/../dist/test/support/global-setup.js',
  globalTeardown: '<rootDir>/../dist/test/support/global-teardown.js',
  testTimeout: 120_000,
};
