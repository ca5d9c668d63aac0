// SPDX-License-Identifier: Apache-2.0
import { t } from '../messages';
import type { ActionButton, Entity, PortalApi } from './api';
import { DETAIL_PLACES, NEW_NETWORK, ROLE, open, pageUrl } from './places';

/**
 * Puts the plugin into the portal: a tab for networks, VMs, hosts and clusters, and two buttons. There is no
 * place in the menu: the portal makes any such place its landing page, whatever the plugin asks for.
 */
export function start(api: PortalApi): void {
  // The portal removes a plugin when an exception escapes one of its functions.
  const safely =
    <A extends unknown[], R>(name: string, otherwise: R, action: (...args: A) => R) =>
    (...args: A): R => {
      try {
        return action(...args);
      } catch (e) {
        try {
          api.logger().severe(`${name}: ${e instanceof Error ? e.message : String(e)}`);
        } catch {
          // Nothing is left to tell it to.
        }
        return otherwise;
      }
    };

  const button = (name: string, enabled: ActionButton['isEnabled'], click: ActionButton['onClick']) => ({
    onClick: safely(name, undefined, click),
    isEnabled: safely(name, false, enabled),
    isAccessible: () => true,
    moreMenu: false,
    id: name,
  });

  const one = (selected: readonly Entity[]) => selected.length === 1;
  const setRole = button('IsolatedPortsRole', one, (selected) => {
    open(api, ROLE, selected[0]?.id);
  });

  const addEverything = () => {
    for (const place of DETAIL_PLACES) {
      api.addDetailPlace(place.type, place.label, place.token, pageUrl(place.page));
    }
    api.addMenuPlaceActionButton(
      'Network',
      t('portal.newNetwork'),
      button(
        'IsolatedPortsNewNetwork',
        () => true,
        () => {
          open(api, NEW_NETWORK);
        },
      ),
    );
    api.addMenuPlaceActionButton('VnicProfile', t('portal.role'), setRole);
    api.addDetailPlaceActionButton('Network', 'NetworkProfile', t('portal.role'), setRole);
  };

  const handlers: Record<string, (...args: never[]) => void> = {
    UiInit: safely('UiInit', undefined, addEverything),
  };
  for (const place of DETAIL_PLACES) {
    const name = `${place.type}SelectionChange`;
    handlers[name] = safely(name, undefined, (...items: (Entity | readonly Entity[])[]) => {
      // Each selected entity is an argument of its own.
      const selected = items.flat();
      if (one(selected)) {
        api.setPlaceContentUrl(place.token, pageUrl(place.page, selected[0]?.id));
      }
    });
  }
  api.register(handlers);
  api.ready();
}
