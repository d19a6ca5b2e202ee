// Compiled like the other tests.
export default {
  rootDir: '../dist/test-cluster',
  testMatch: ['<rootDir>/**/*.test.js'],
  transform: {},
  testTimeout: 300_000,
};
