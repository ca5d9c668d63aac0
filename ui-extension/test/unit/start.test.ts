// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, vi } from 'vitest';
import type { ActionButton, Entity } from '../../src/portal/api';
import { start } from '../../src/portal/start';
import { fakePortal } from './setup';

type Handlers = Record<string, (...args: unknown[]) => void>;

function started() {
  const portal = fakePortal();
  start(portal);
  const handlers = portal.register.mock.calls[0]?.[0] as Handlers;
  const call = (name: string, ...args: unknown[]) => {
    handlers[name]?.(...args);
  };
  return { portal, handlers, call };
}

describe('the plugin in the portal', () => {
  it('says that it is ready once it has registered, and adds nothing before UiInit', () => {
    const { portal } = started();
    expect(portal.register.mock.invocationCallOrder[0]).toBeLessThan(
      portal.ready.mock.invocationCallOrder[0] ?? 0,
    );
    expect(portal.addDetailPlace).not.toHaveBeenCalled();
    expect(portal.addMenuPlaceActionButton).not.toHaveBeenCalled();
  });

  it('adds tabs and buttons, and no place in the menu', () => {
    const { portal, call } = started();
    call('UiInit');
    expect(portal.addDetailPlace.mock.calls.map((args: unknown[]) => args[0])).toEqual([
      'Network',
      'VirtualMachine',
      'Host',
      'Cluster',
    ]);
    expect(portal.addMenuPlaceActionButton.mock.calls.map((args: unknown[]) => args[1])).toEqual([
      'New isolated network',
      'Isolation role',
    ]);
  });

  it('shows the tab of what is selected, of one entity only', () => {
    const { portal, call } = started();
    call('NetworkSelectionChange', { id: 'a b', name: 'x' });
    expect(portal.setPlaceContentUrl).toHaveBeenCalledExactlyOnceWith(
      'isolated-ports-network',
      'plugin/isolated-ports/network.html#a%20b',
    );
    call('NetworkSelectionChange', { id: '1' }, { id: '2' });
    call('NetworkSelectionChange');
    expect(portal.setPlaceContentUrl).toHaveBeenCalledTimes(1);
  });

  it('lets no exception escape, and tells the log', () => {
    const { portal, handlers } = started();
    const severe = vi.fn();
    portal.logger.mockReturnValue({ severe, warning: vi.fn() });
    for (const failing of [portal.addDetailPlace, portal.setPlaceContentUrl]) {
      failing.mockImplementation(() => {
        throw new Error('broken');
      });
    }
    for (const name of Object.keys(handlers)) {
      handlers[name]?.({ id: '1' });
    }
    expect(severe).toHaveBeenCalledTimes(Object.keys(handlers).length);
    expect(severe).toHaveBeenCalledWith('UiInit: broken');
  });

  it('enables the role button for one profile, and survives a portal that throws', () => {
    const { portal, call } = started();
    call('UiInit');
    const button = portal.addMenuPlaceActionButton.mock.calls[1]?.[2] as ActionButton;
    const one: Entity[] = [{ id: 'p1' }];
    expect(button.isEnabled(one)).toBe(true);
    expect(button.isEnabled([])).toBe(false);
    expect(button.isEnabled([...one, { id: 'p2' }])).toBe(false);
    button.onClick(one);
    expect(portal.showDialog.mock.calls[0]?.[2]).toBe('plugin/isolated-ports/role.html#p1');
    portal.showDialog.mockImplementation(() => {
      throw new Error('broken');
    });
    expect(() => {
      button.onClick(one);
    }).not.toThrow();
  });
});
