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
    // Bounds for a busy machine; on an idle one a test takes a few seconds.
    testTimeout: 180_000,
    hookTimeout: 420_000,
  },
});
