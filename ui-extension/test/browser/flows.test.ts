// SPDX-License-Identifier: Apache-2.0
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Portal, launch } from './browser';
import { Rig, type Answer } from './rig';

/** Names are new in each run, as the rig may have been used before. */
const RUN = process.env['ISOLATED_PORTS_RIG'] === undefined ? '' : Date.now().toString(36).slice(-4);
const HOSTILE = '<img/src=x/onerror=alert(1)>';
const RIGHT_TO_LEFT = 'شبكة-معزولة-🔥';

let rig: Rig;
let browser: Browser;
let tenants: string;

beforeAll(async () => {
  [rig, browser] = await Promise.all([Rig.start(), launch()]);
  for (const [name, kind] of [
    ['host1', 'fit'],
    ['host2', 'old'],
  ] as const) {
    await rig.once('/hosts', 'host', name, () => rig.order(`host ${name} Default ${kind} tenants,open`));
  }
  const dataCenter = { id: await rig.dataCenter() };
  const cluster = (name: string, minor: number, type: string) =>
    rig.once('/clusters', 'cluster', name, () =>
      rig.api('engine', 'POST', '/clusters', {
        name,
        data_center: dataCenter,
        version: { major: 4, minor },
        switch_type: type,
        cpu: { architecture: 'x86_64' },
      }),
    );
  await cluster('Legacy', 3, 'legacy');
  await cluster('Software-defined', 4, 'ovs');
  await cluster('Production', 4, 'legacy');
  tenants = await rig.once('/networks', 'network', 'tenants', () =>
    rig.network('tenants', true, { vlan: { id: 42 } }),
  );
  const profile = await rig.profileOf(tenants);
  await rig.once('/vms', 'vm', 'tenant1', () => rig.order(`vms 3 tenant Default ${profile}`));
  await rig.once('/vms', 'vm', `${HOSTILE}1`, () => rig.order(`vms 1 ${HOSTILE} Default ${profile}`));
});

afterAll(async () => {
  await browser.close();
  await rig.stop();
});

describe('the portal', () => {
  it('keeps its landing page, and the plugin when the portal throws', async () => {
    const portal = await Portal.open(browser, rig);
    expect(await portal.page.evaluate(() => window.location.hash)).toBe('');
    await portal.page.getByText('Virtual Machines', { exact: true }).first().waitFor();
    expect(await portal.page.getByRole('navigation').getByText('Isol').count()).toBe(0);
    await portal.page.evaluate(() => {
      const api = window.pluginApi?.('isolated-ports');
      if (api) {
        api.showDialog = () => {
          throw new Error('broken');
        };
      }
    });
    await portal.go('networks');
    await portal.page.getByRole('button', { name: 'New isolated network' }).click();
    const severe = await portal.page.evaluate<number>(
      "window.standIn.log.splice(0).filter((entry) => entry.message.includes('broken')).length",
    );
    expect(severe).toBe(1);
    await portal.close();
  });
});

describe('the tab of an isolated network', () => {
  it('shows who isolates it, where, and which vNICs are on it; names are text', async () => {
    const portal = await Portal.open(browser, rig);
    const tab = await portal.tab('networks', tenants, 'network');
    await tab.getByText('The VDSM hook').waitFor();
    await tab.getByText('4 vNICs').waitFor();
    expect(await tab.getByText(`${HOSTILE}1`).count()).toBe(1);
    expect(await tab.locator('img').count()).toBe(0);
    await portal.picture('network-isolated', true);
    await portal.accessible(tab);
    await tab.getByPlaceholder('Find VMs by name').fill('tenant2');
    await tab.getByPlaceholder('Find VMs by name').press('Enter');
    await tab.getByText('1 vNIC', { exact: true }).waitFor();
    await portal.close();
  });

  it('shows violations with what to do, and that they are over, without being loaded anew', async () => {
    const name = `watched${RUN}`;
    const network = await rig.network(name, true);
    const production = await rig.cluster('Production');
    await rig.api('ours', 'POST', `/clusters/${production}/networks`, { id: network.id, required: false });
    const portal = await Portal.open(browser, rig);
    const tab = await portal.tab('networks', network.id, 'network');
    await tab.getByText('None. Nothing is known').waitFor();
    await rig.api('engine', 'PUT', `/clusters/${production}`, { switch_type: 'ovs' });
    await tab.getByText('detach the network from it').waitFor();
    await portal.picture('network-violation', true);
    await portal.accessible(tab);
    await rig.api('engine', 'PUT', `/clusters/${production}`, { switch_type: 'legacy' });
    await tab.getByText('None. Nothing is known').waitFor();
    await portal.close();
  });

  it('opens it in an emergency, counts down, and closes it', async () => {
    const network = await rig.network(`open${RUN}`, true);
    const portal = await Portal.open(browser, rig, { expected: /status of 400/ });
    const tab = await portal.tab('networks', network.id, 'network');
    await tab.getByRole('button', { name: 'Open for a limited time' }).click();
    const dialog = await portal.dialog('Open an isolated network');
    await dialog.getByLabel('Reason').fill('The gateway is being replaced');
    await dialog.getByLabel('Confirmation').fill('something else');
    expect(await dialog.getByRole('button', { name: 'Open the network' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Duration in minutes').fill('9999');
    await dialog.getByLabel('Confirmation').fill(`open${RUN}`);
    await dialog.getByRole('button', { name: 'Open the network' }).click();
    await dialog.getByText('in the field minutes').waitFor();
    await portal.picture('emergency-refused');
    await portal.accessible(dialog);
    await dialog.getByLabel('Duration in minutes').fill('30');
    await dialog.getByRole('button', { name: 'Open the network' }).click();
    await tab.getByText(/It ends by itself in (30:00|29:)/).waitFor();
    await portal.picture('emergency-open', true);
    await portal.accessible(tab);
    await tab.getByRole('button', { name: 'Close now' }).click();
    await tab.getByText('The network is closed.').waitFor();
    await portal.close();
  });
});

describe('New isolated network', () => {
  it('says which cluster is not eligible, shows refusals at their field, and creates the network', async () => {
    const portal = await Portal.open(browser, rig, { expected: /status of 40/ });
    await portal.go('networks');
    await portal.page.getByRole('button', { name: 'New isolated network' }).click();
    const dialog = await portal.dialog('New isolated network');
    await dialog.getByText('Raise the cluster to level 4.4').waitFor();
    expect(await dialog.getByRole('checkbox', { name: 'Legacy' }).isDisabled()).toBe(true);
    expect(await dialog.getByRole('checkbox', { name: 'Software-defined' }).isDisabled()).toBe(true);
    await portal.picture('create', true);
    await portal.accessible(dialog);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('Enter a name.').waitFor();
    await dialog.getByLabel('Name', { exact: false }).first().fill('tenants');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.locator('#name-help').getByText('name').waitFor();
    await portal.picture('create-refused', true);
    await portal.accessible(dialog);
    const name = `new${RUN}`;
    await dialog.locator('#name').fill(name);
    await dialog.locator('#vlan').fill('77');
    await dialog.getByRole('checkbox', { name: 'Default' }).check();
    await dialog.getByRole('radio', { name: 'Sealed to gateways' }).check();
    await dialog.locator('textarea#gateways').fill('02:00:00:00:00:zz');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText(`Network ${name} was created, but`).waitFor();
    await portal.picture('create-unfinished');
    await dialog.locator('textarea#gateways').fill('02:00:00:00:00:fe');
    await dialog.getByRole('button', { name: 'Try the rest again' }).click();
    await portal.page.getByText(`Isolated network ${name} was created.`).waitFor();
    await portal.picture('create-done');
    const made = await found('networks', 'network', name);
    expect(made['port_isolation']).toBe('true');
    expect(await rig.api('ours', 'GET', `/networks/${made.id}/uplink`)).toMatchObject({
      mode: 'gateways',
      gateways: { gateway: ['02:00:00:00:00:fe'] },
    });
    await rig.api('engine', 'GET', `/clusters/${await rig.cluster('Default')}/networks/${made.id}`);
    await portal.close();
  });
});

async function found(at: string, element: string, name: string): Promise<Answer> {
  const all = (await rig.api('ours', 'GET', `/${at}`)) as unknown as Record<string, Answer[]>;
  return all[element]?.find((each) => each.name === name) as Answer;
}

describe('the tab of a plain network', () => {
  it('moves its vNICs to an isolated twin, back, and to the end', async () => {
    const name = `plain${RUN}`;
    const network = await rig.network(name, false);
    await rig.order(`vms 3 shop${RUN} Default ${await rig.profileOf(network.id)}`);
    const portal = await Portal.open(browser, rig);
    const tab = await portal.tab('networks', network.id, 'network');
    await tab.getByText('Not isolated').waitFor();
    await portal.picture('network-plain', true);
    await portal.accessible(tab);
    await tab.getByRole('button', { name: 'Start the guided move' }).click();
    await tab.getByRole('button', { name: 'Create the twin' }).click();
    await tab.getByText(`Isolated twin: ${name}_iso`).waitFor();
    await portal.picture('move-prepared', true);
    await tab.getByRole('button', { name: `Move vNIC nic1 of VM shop${RUN}1` }).click();
    await tab.getByText('1 of 3').first().waitFor();
    await portal.picture('move-under-way', true);
    await portal.accessible(tab);
    await tab.getByRole('button', { name: `Move back vNIC nic1 of VM shop${RUN}1` }).click();
    await tab.getByText('0 of 3').first().waitFor();
    await tab.getByRole('button', { name: 'Move all vNICs' }).click();
    await tab.getByText('3 of 3').first().waitFor();
    await tab.getByRole('button', { name: 'Finish the move' }).click();
    await tab.getByText('The move is finished.').waitFor();
    await portal.picture('move-finished', true);
    expect((await found('networks', 'network', `${name}_iso`))['port_isolation']).toBe('true');
    await portal.close();
  });
});

describe('Isolation role', () => {
  it('shows what runs with the profile, refuses what the server refuses, and saves', async () => {
    const network = await rig.network(`role${RUN}`, true);
    const profile = await rig.profileOf(network.id);
    await rig.order(`vms 2 worker${RUN} Default ${profile}`);
    const portal = await Portal.open(browser, rig);
    await portal.go('vnicProfiles');
    const button = portal.page.getByRole('button', { name: 'Isolation role' });
    await button.waitFor();
    expect(await button.isDisabled()).toBe(true);
    await portal.page
      .locator('table.grid tr', { hasText: `role${RUN}` })
      .locator('td')
      .nth(2)
      .click();
    await portal.page.getByRole('button', { name: 'Isolation role', disabled: false }).click();
    const dialog = await portal.dialog('Isolation role of a vNIC profile');
    await dialog.getByText('No running VM uses this profile.').waitFor();
    await dialog.getByRole('radio', { name: 'Community' }).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('A community’s name has 1 to 32').waitFor();
    await portal.picture('role', true);
    await portal.accessible(dialog);
    await dialog.getByLabel('Name of the community').fill('web');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await portal.page.getByText('now has the role: Community “web”').waitFor();
    const saved = await rig.api('engine', 'GET', `/vnicprofiles/${profile}`);
    expect(JSON.stringify(saved['custom_properties'])).toContain('community:web');
    await portal.close();
  });
});

describe('the tabs of VMs, hosts and clusters', () => {
  it('tell where a VM may run, and why a host cannot enforce port isolation', async () => {
    const vm = await rig.vm('tenant1');
    await rig.api('engine', 'POST', `/vms/${vm}/start`, {}).catch(() => undefined);
    const portal = await Portal.open(browser, rig);
    const vmTab = await portal.tab('vms', vm, 'vm');
    await vmTab
      .getByText(/libvirt 6\.0\.0; isolated ports need/)
      .first()
      .waitFor();
    await portal.picture('vm', true);
    await portal.accessible(vmTab);
    const unfit = await rig.once('/hosts', 'host', 'host2', () => Promise.resolve());
    const hostTab = await portal.tab('hosts', unfit, 'host');
    await hostTab.getByText('Unfit', { exact: true }).waitFor();
    await portal.picture('host-unfit', true);
    await portal.accessible(hostTab);
    const clusterTab = await portal.tab('clusters', await rig.cluster('Default'), 'cluster');
    await clusterTab.getByText('Unfit', { exact: true }).waitFor();
    await portal.picture('cluster', true);
    await portal.accessible(clusterTab);
    await portal.close();
  });
});

describe('trouble', () => {
  it('names with another direction, and those that are long, stay within the page', async () => {
    const name = `${RIGHT_TO_LEFT}${RUN}`;
    const network = await rig.network(name, true);
    await rig.order(`vms 1 ${'x'.repeat(254)} Default ${await rig.profileOf(network.id)}`);
    const portal = await Portal.open(browser, rig);
    const tab = await portal.tab('networks', network.id, 'network');
    await tab.getByText('1 vNIC', { exact: true }).waitFor();
    await portal.picture('hostile-names');
    expect(
      await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    ).toBe(0);
    await portal.close();
  });

  it('says who may not see a network, and does not blame the session', async () => {
    // Somebody who may log in, and not see this network.
    const other = await rig.network(`other${RUN}`, false);
    await rig.order(`grant VnicProfileUser user2 vnic_profile ${await rig.profileOf(other.id)}`);
    const portal = await Portal.open(browser, rig, { user: 'user2', expected: /status of 40/ });
    const tab = await portal.tab('networks', tenants, 'network');
    await tab.getByText('Not found.').waitFor();
    await portal.picture('no-permission');
    await portal.accessible(tab);
    await portal.close();
  });

  it('says that the server is away, and shows the tab again when it is back', async () => {
    const portal = await Portal.open(browser, rig, { expected: /status of (404|50\d)|ERR_/ });
    await rig.order('server-stop');
    const tab = await portal.tab('networks', tenants, 'network');
    await tab.getByText('Isolated Ports cannot be reached.').waitFor();
    await portal.picture('server-away', true);
    await portal.accessible(tab);
    await rig.order('server-start');
    await tab.getByText('The VDSM hook').waitFor();
    await portal.close();
  }, 400_000);
});
