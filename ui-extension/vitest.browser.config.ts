// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

/** The plugin in a real browser, with the real server; one file at a time, as they share both. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/browser/**/*.test.ts'],
    reporters: ['default', 'junit'],
    outputFile: { junit: 'target/browser-reports/TEST-ui-extension-browser.xml' },
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
