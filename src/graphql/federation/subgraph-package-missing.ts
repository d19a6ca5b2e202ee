/** Thrown where a subgraph is asked for and @apollo/subgraph, which is optional, is not installed. */
export class SubgraphPackageMissing extends Error {
  override readonly name = 'SubgraphPackageMissing';
  constructor(cause: unknown) {
    super('A federated gateway needs a package that is not installed: npm install @apollo/subgraph@2.14.4', { cause });
  }
}
