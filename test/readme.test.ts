import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { refusals } from '../src/http/refusal.js';
import { settings } from '../src/settings.js';

it("the README's table of settings is that of the code", () => {
  const readme = readFileSync('README.md', 'utf8');
  const inReadme = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/.exec(readme)?.[1];
  const rows = Object.entries(settings.shape).map(([name, setting]) => `| \`${name}\` | ${setting.description} |`);
  expect(inReadme).toBe(['| setting | meaning |', '|---|---|', ...rows, ''].join('\n'));
});

it('every package that the README names as a dependency is one, and every one is named', () => {
  const readme = readFileSync('README.md', 'utf8');
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const table = /### Dependencies\n([\s\S]*?)\n\n(?=For development)/.exec(readme)?.[1] ?? '';
  const named = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, names = '']) => names.split(', '));
  const expected = [...Object.keys({ ...dependencies, ...peerDependencies }), 'package', '---'];
  expect(named.filter((name) => name !== '---').sort()).toEqual(expected.filter((name) => name !== '---').sort());
});

it('the resolver class that the README shows is the one that is tested', () => {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];
  const shown = blocks.map(([, block = '']) => block).find((block) => block.includes('@Resolver()'));
  const tested = /@Resolver\(\)[\s\S]*/.exec(readFileSync('test/books.resolver.ts', 'utf8'))?.[0];
  expect(shown).toContain(tested);
  expect(shown).toContain('resolvers: [BooksResolver]');
});

it('every code that a refusal of the transport bears is in the table of the README, with its status', () => {
  const readme = readFileSync('README.md', 'utf8');
  for (const { code, status } of Object.values(refusals)) {
    expect(readme).toContain(status >= 500 ? `\`${code}\`` : `\`${code}\` (${status})`);
  }
});
