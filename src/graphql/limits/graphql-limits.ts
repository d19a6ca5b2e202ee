/** What one operation may ask for. Every number is a setting. */
export interface GraphqlLimits {
  /** Fields within fields. */
  depthMax: number;
  /** The sum over all fields, each of which costs 1 and what is in a list ten times as much. */
  costMax: number;
  /** Fields that are given another name. */
  aliasesMax: number;
  /** Fields of Query or Mutation. */
  rootFieldsMax: number;
  /** `@include`, `@skip` and others. */
  directivesMax: number;
  /** Words and signs of the document; alone bounds the time that graphql-js takes to check one. */
  tokensMax: number;
  /** Entries of the lists and objects in the variables, all together: graphql-js looks at each, and quotes it. */
  variableEntriesMax: number;
  /** Errors in one answer; the rest is left out. */
  errorsMax: number;
}
