// SPDX-License-Identifier: Apache-2.0
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Unit tests; the browser's have a configuration of their own. */
export default defineConfig({
  plugins: [react()],
  test: {
    environment: 'jsdom',
    include: ['test/unit/**/*.test.{ts,tsx}'],
    setupFiles: ['test/unit/setup.ts'],
    reporters: ['default', 'junit'],
    outputFile: { junit: 'target/unit-reports/TEST-ui-extension-unit.xml' },
    css: false,
  },
});
