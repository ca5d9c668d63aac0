// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = import.meta.dirname;
const pages = readdirSync(resolve(here, 'src')).filter((name) => name.endsWith('.html'));

/**
 * dist/ is laid out as the engine's folder ui-plugins wants it: the descriptor, and beside it the folder
 * that the descriptor names as resourcePath.
 */
export default defineConfig({
  root: resolve(here, 'src'),
  base: './',
  plugins: [
    react(),
    {
      name: 'descriptor',
      closeBundle() {
        copyFileSync(resolve(here, 'isolated-ports.json'), resolve(here, 'dist/isolated-ports.json'));
      },
    },
  ],
  build: {
    outDir: resolve(here, 'dist/isolated-ports-resources'),
    emptyOutDir: true,
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    rolldownOptions: { input: pages.map((name) => resolve(here, 'src', name)) },
  },
});
