// The tests run on the gateway's own runner and on its databases: build both first.
export default {
  rootDir: 'dist',
  testMatch: ['<rootDir>/**/*.test.js'],
  transform: {},
  globalSetup: '<rootDir>/../../dist/test/support/global-setup.js',
  globalTeardown: '<rootDir>/../../dist/test/support/global-teardown.js',
  testTimeout: 120_000,
};
