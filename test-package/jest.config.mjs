// Runs on the gateway's own runner: install and build that first.
export default {
  testMatch: ['<rootDir>/*.test.mjs'],
  // What is installed here for a consumer is not ours to look through.
  modulePathIgnorePatterns: ['<rootDir>/consumer'],
  transform: {},
  testTimeout: 300_000,
};
