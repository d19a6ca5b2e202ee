// Makes package.json that of the image: what the gateway needs at run time, at the versions of the lock file, and no more.
// npm counts the peer dependencies of a project that stands alone as development's, and would leave them out.
import { readFileSync, writeFileSync } from 'node:fs';

/** Optional, and of use in production. */
const WANTED = ['@apollo/subgraph'];

const {
  devDependencies,
  peerDependencies,
  peerDependenciesMeta = {},
  ...rest
} = JSON.parse(readFileSync('package.json', 'utf8'));
const isNeeded = (name) => peerDependenciesMeta[name]?.optional !== true || WANTED.includes(name);
const peers = Object.keys(peerDependencies).filter(isNeeded);
const kept = Object.fromEntries(peers.map((name) => [name, devDependencies[name]]));
writeFileSync(
  'package.json',
  `${JSON.stringify({ ...rest, dependencies: { ...rest.dependencies, ...kept } }, null, 2)}\n`,
);
