// The files of `npm test` that use a database through a gateway, as they are.
export default {
  rootDir: '../dist',
  testMatch: ['<rootDir>/test-pooler/*.test.js', '<rootDir>/test/session/**/*.test.js'],
  transform: {},
  globalSetup: '<rootDir>/test-pooler/global-setup.js',
  globalTeardown: '<rootDir>/test-pooler/global-teardown.js',
  testTimeout: 60_000,
};
