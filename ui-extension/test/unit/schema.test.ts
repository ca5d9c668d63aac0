// SPDX-License-Identifier: Apache-2.0
// @vitest-environment node
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const HERE = resolve(import.meta.dirname, '../..');

it('the client is that of the server’s OpenAPI; npm run api makes it anew', () => {
  const scripts = (
    JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8')) as { scripts: { api: string } }
  ).scripts;
  const source = /openapi-typescript (\S+)/.exec(scripts.api)?.[1] ?? '';
  const directory = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    const made = join(directory, 'schema.ts');
    execFileSync(process.execPath, [
      join(HERE, 'node_modules/openapi-typescript/bin/cli.js'),
      resolve(HERE, source),
      '-o',
      made,
    ]);
    const committed = readFileSync(join(HERE, 'src/api/schema.ts'), 'utf8').replace(/^\/\/ SPDX.*\n/, '');
    expect(committed).toBe(readFileSync(made, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
