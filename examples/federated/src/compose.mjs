import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

/**
 * Asks each subgraph for its schema and answers the supergraph's.
 *
 * @param {{ name: string, url: string }[]} subgraphs
 * @returns {Promise<string>}
 */
export async function compose(subgraphs) {
  const services = await Promise.all(
    subgraphs.map(async ({ name, url }) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ _service { sdl } }' }),
      });
      const { data, errors } = await response.json();
      if (errors !== undefined) throw new Error(`${name} tells no schema: ${errors[0].message}`);
      return { name, url, typeDefs: parse(data._service.sdl) };
    }),
  );
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
