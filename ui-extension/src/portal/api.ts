// SPDX-License-Identifier: Apache-2.0

/** The name under which the portal knows the plugin: that of its descriptor. */
export const PLUGIN = 'isolated-ports';

export type EntityType = 'Network' | 'VnicProfile' | 'VirtualMachine' | 'Host' | 'Cluster';

/** What the portal tells of an entity; vNIC profiles carry their id only. */
export interface Entity {
  readonly id: string;
  readonly name?: string;
}

export interface ActionButton {
  readonly onClick: (selected: readonly Entity[], main?: Entity) => void;
  readonly isEnabled: (selected: readonly Entity[], main?: Entity) => boolean;
  readonly isAccessible: (selected: readonly Entity[], main?: Entity) => boolean;
  readonly index?: number;
  readonly moreMenu?: boolean;
  readonly id?: string;
}

export interface DialogOptions {
  readonly buttons: readonly never[];
  readonly closeIconVisible: boolean;
  readonly closeOnEscKey: boolean;
}

export type MessageKind = 'info' | 'success' | 'warning' | 'danger';

export interface Configuration {
  readonly theme?: 'portal' | 'light' | 'dark';
}

/** The part of the portal's plugin API that is used here. */
export interface PortalApi {
  register(handlers: Readonly<Record<string, (...args: never[]) => void>>): void;
  ready(): void;
  configObject(): Configuration;
  ssoToken(): string;
  currentLocale(): string;
  logger(): { severe(message: string): void; warning(message: string): void };
  addDetailPlace(type: EntityType, label: string, token: string, url: string, options?: object): void;
  setPlaceContentUrl(token: string, url: string): void;
  addMenuPlaceActionButton(type: EntityType, label: string, button: ActionButton): void;
  addDetailPlaceActionButton(type: EntityType, place: string, label: string, button: ActionButton): void;
  showDialog(
    title: string,
    token: string,
    url: string,
    width: string,
    height: string,
    options: DialogOptions,
  ): void;
  closeDialog(token: string): void;
  showToast(kind: MessageKind, message: string): void;
}

declare global {
  interface Window {
    pluginApi?: (name: string) => PortalApi;
  }
}

/** The API of the portal around this frame; plugins are served from the portal's own origin. */
export function portalApi(): PortalApi {
  const top = window.top;
  if (!top?.pluginApi) {
    throw new Error('This page belongs in the admin portal.');
  }
  return top.pluginApi(PLUGIN);
}
