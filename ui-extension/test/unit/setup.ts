// SPDX-License-Identifier: Apache-2.0
import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import type { PortalApi } from '../../src/portal/api';

/** The portal around a page, of which each test sees what was asked. */
export function fakePortal() {
  return {
    register: vi.fn(),
    ready: vi.fn(),
    configObject: vi.fn(() => ({})),
    ssoToken: vi.fn(() => 'the-token'),
    currentLocale: vi.fn(() => 'en-US'),
    logger: vi.fn(() => ({ severe: vi.fn(), warning: vi.fn() })),
    addDetailPlace: vi.fn(),
    setPlaceContentUrl: vi.fn(),
    addMenuPlaceActionButton: vi.fn(),
    addDetailPlaceActionButton: vi.fn(),
    showDialog: vi.fn(),
    closeDialog: vi.fn(),
    showToast: vi.fn(),
  } satisfies PortalApi;
}

beforeEach(() => {
  const portal = fakePortal();
  // A test of files runs without a window.
  vi.stubGlobal('pluginApi', () => portal);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
