import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { exampleOperations } from './example-operations.js';
import { EXPLORER_PATH } from './paths.js';

const OFFLINE_LINE = 'it appears that you might be offline.';
const SANDBOX_RULE = '#embeddableSandbox {';

/** Added to the policy that Apollo's page brings in a meta element, which can't set these three (CSP 3, 3.3). */
export const LANDING_PAGE_CSP = "frame-ancestors 'none';base-uri 'none';form-action 'none'";

/**
 * Apollo's plugins for `GET /graphql`: in development Apollo Sandbox with the example operations, in production no page.
 */
export function landingPagePlugins({ isProduction }: { isProduction: boolean }): ApolloServerPlugin[] {
  // The default of production loads remote script, too.
  if (isProduction) return [ApolloServerPluginLandingPageDisabled()];
  const sandbox = ApolloServerPluginLandingPageLocalDefault({
    embed: { runTelemetry: false },
    includeCookies: true,
    document: exampleOperations,
  });
  return [withExplorerLink(sandbox)];
}

/** The page of a landing-page plugin, with a link to our own explorer in what it shows offline. */
function withExplorerLink(plugin: ApolloServerPlugin): ApolloServerPlugin {
  return {
    ...plugin,
    async serverWillStart(service) {
      const listener = (await plugin.serverWillStart?.(service)) ?? {};
      const page = await listener.renderLandingPage?.();
      if (page === undefined) return listener;
      const render = async () => linkExplorer(typeof page.html === 'string' ? page.html : await page.html());
      return { ...listener, renderLandingPage: async () => ({ html: render }) };
    },
  };
}

/** Apollo's page with the link; where a later version words it differently, the page as it is. */
function linkExplorer(html: string): string {
  const link = `<a href="${EXPLORER_PATH}">The explorer that came with Gatehouse works offline, too.</a>`;
  return (
    html
      .replace(OFFLINE_LINE, `${OFFLINE_LINE} ${link}`)
      // While it is empty, Sandbox's element lies over the line and would swallow the click.
      .replace(SANDBOX_RULE, `#embeddableSandbox:empty { pointer-events: none; }\n  ${SANDBOX_RULE}`)
  );
}
