// SPDX-License-Identifier: Apache-2.0
import { t } from '../messages';
import { PLUGIN, type EntityType, type PortalApi } from './api';

/** Where the portal serves the plugin's files, from the portal's own page. */
const FILES = `plugin/${PLUGIN}`;

/** A tab in the details of an entity. */
export interface DetailPlace {
  readonly type: EntityType;
  readonly label: string;
  readonly token: string;
  readonly page: string;
}

export const DETAIL_PLACES: readonly DetailPlace[] = (
  [
    ['Network', 'network'],
    ['VirtualMachine', 'vm'],
    ['Host', 'host'],
    ['Cluster', 'cluster'],
  ] as const
).map(([type, page]) => ({ type, label: t('portal.tab'), token: `${PLUGIN}-${page}`, page }));

/** The address of a page about an entity. A change of the part behind # does not load the page anew. */
export function pageUrl(page: string, id?: string): string {
  return `${FILES}/${page}.html${id === undefined ? '' : `#${encodeURIComponent(id)}`}`;
}

/** A dialog of ours; what it shows has its own buttons. */
export interface Dialog {
  readonly token: string;
  readonly title: string;
  readonly page: string;
  readonly width: string;
  readonly height: string;
}

export const NEW_NETWORK: Dialog = {
  token: `${PLUGIN}-new-network`,
  title: t('create.title'),
  page: 'new-network',
  width: '820px',
  height: '640px',
};

export const ROLE: Dialog = {
  token: `${PLUGIN}-role`,
  title: t('role.title'),
  page: 'role',
  width: '680px',
  height: '560px',
};

export const EMERGENCY: Dialog = {
  token: `${PLUGIN}-emergency`,
  title: t('emergency.title'),
  page: 'emergency',
  width: '640px',
  height: '520px',
};

export function open(api: PortalApi, dialog: Dialog, id?: string): void {
  api.showDialog(dialog.title, dialog.token, pageUrl(dialog.page, id), dialog.width, dialog.height, {
    buttons: [],
    closeIconVisible: true,
    closeOnEscKey: true,
  });
}
