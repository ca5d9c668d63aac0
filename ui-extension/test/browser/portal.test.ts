// SPDX-License-Identifier: Apache-2.0
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Portal, launch } from './browser';
import { Rig } from './rig';

let rig: Rig;
let browser: Browser;

beforeAll(async () => {
  [rig, browser] = await Promise.all([Rig.start(), launch()]);
  await rig.order('host host1 Default fit tenants,shop,blue');
});

afterAll(async () => {
  await browser.close();
  await rig.stop();
});

describe('an isolated network', () => {
  it('shows who isolates it, where, and which vNICs are on it', async () => {
    const network = await rig.network('tenants', true, { vlan: { id: 42 } });
    await rig.order(`vms 3 tenant Default ${await rig.profileOf(network.id)}`);
    const portal = await Portal.open(browser, rig);
    const tab = await portal.tab('networks', network.id, 'network');
    await tab.getByText('The VDSM hook').waitFor();
    await tab.getByText('tenant3').waitFor();
    await tab.getByText('3 vNICs').waitFor();
    expect(await tab.getByText('Ports can be isolated here.').count()).toBe(1);
    await portal.picture('network-isolated');
    await portal.accessible(tab);
    await portal.close();
  });
});

describe('New isolated network', () => {
  it('creates and attaches it', async () => {
    const portal = await Portal.open(browser, rig);
    await portal.go('networks');
    await portal.page.getByRole('button', { name: 'New isolated network' }).click();
    const dialog = await portal.dialog('New isolated network');
    await dialog.getByLabel('Name').waitFor();
    await portal.picture('create-empty');
    await portal.accessible(dialog);
    await portal.close();
  });
});
