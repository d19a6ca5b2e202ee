// Compiled like the other tests; each file starts a PostgreSQL of its own, to break it.
export default {
  rootDir: '../dist/test-failure',
  testMatch: ['<rootDir>/**/*.test.js'],
  transform: {},
  testTimeout: 300_000,
};
