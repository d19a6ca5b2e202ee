// The tests run on the gateway's own runner: install the gateway's folder first.
export default {
  rootDir: 'dist-test',
  testMatch: ['<rootDir>/**/*.test.js'],
  transform: {},
  testTimeout: 60_000,
};
