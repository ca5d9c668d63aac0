// SPDX-License-Identifier: Apache-2.0
import { pluginManager } from './plugins.js';

/** What the portal lists; columns are names of fields, or functions of an entity. */
const LISTS = {
  vms: {
    type: 'VirtualMachine',
    title: 'Virtual Machines',
    path: '/vms',
    element: 'vm',
    columns: { Name: 'name', Status: 'status', Description: 'description' },
  },
  hosts: {
    type: 'Host',
    title: 'Hosts',
    path: '/hosts',
    element: 'host',
    columns: { Name: 'name', 'Hostname/IP': 'address', Status: 'status' },
  },
  clusters: {
    type: 'Cluster',
    title: 'Clusters',
    path: '/clusters',
    element: 'cluster',
    columns: {
      Name: 'name',
      'Compatibility Version': (c) => `${c.version.major}.${c.version.minor}`,
      Description: 'description',
    },
  },
  networks: {
    type: 'Network',
    title: 'Networks',
    path: '/networks?follow=data_center',
    element: 'network',
    columns: {
      Name: 'name',
      'Data Center': (n) => n.data_center?.name,
      Description: 'description',
      'VLAN Tag': (n) => n.vlan?.id ?? '-',
    },
    // A tab of the portal itself that has a list, and with it buttons of plugins.
    subTabs: { NetworkProfile: { label: 'vNIC Profiles', path: (id) => `/networks/${id}/vnicprofiles` } },
  },
  vnicProfiles: {
    type: 'VnicProfile',
    title: 'vNIC Profiles',
    path: '/vnicprofiles?follow=network',
    element: 'vnic_profile',
    columns: { Name: 'name', Network: (p) => p.network?.name, Description: 'description' },
  },
};
const MENU = { Compute: ['vms', 'hosts', 'clusters'], Network: ['vnicProfiles', 'networks'] };
const LANDING = 'vms';
const REFRESH = 5_000;

let session;
const tabs = new Map(Object.values(LISTS).map((list) => [list.type, []]));
const menuPlaces = new Map();
const buttons = [];
const dialogs = new Map();
let view = { place: LANDING, items: [], selected: [] };

const plugins = pluginManager(
  {
    addTab(type, tab) {
      tabs.get(type)?.push(tab);
    },
    setTabUrl(token, url) {
      for (const tab of [...tabs.values()].flat()) {
        if (tab.token === token) {
          tab.url = url;
          if (tab.frame?.isConnected) {
            tab.frame.src = url;
          }
        }
      }
    },
    addMenuPlace(label, token, url) {
      menuPlaces.set(token, { label, url });
      location.hash = token;
    },
    addButton(type, place, button) {
      buttons.push({ type, place, button });
    },
    showDialog({ title, token, url, width, height, options = {} }) {
      const overlay = element('div', { className: 'overlay' });
      const frame = element('iframe', { src: url, title });
      frame.style.width = width;
      frame.style.height = height;
      const close = element('button', { textContent: '×', onclick: () => closeDialog(token) });
      close.setAttribute('aria-label', 'Close');
      const dialog = element('div', { className: 'dialog' }, [
        element('div', {}, [
          element('span', { textContent: title }),
          ...(options.closeIconVisible === false ? [] : [close]),
        ]),
        frame,
      ]);
      dialog.setAttribute('role', 'dialog');
      dialog.setAttribute('aria-label', title);
      overlay.append(dialog);
      document.body.append(overlay);
      dialogs.set(token, { overlay, frame, options });
      frame.addEventListener('load', () => frame.contentWindow.focus());
    },
    setDialogUrl(token, url) {
      const dialog = dialogs.get(token);
      if (dialog) {
        dialog.frame.src = url;
      }
    },
    closeDialog,
    toast(kind, message) {
      const shown = element('p', { className: kind, textContent: message });
      shown.setAttribute('role', 'status');
      document.querySelector('.toasts')?.append(shown);
      setTimeout(() => shown.remove(), 8_000);
    },
    reveal(token) {
      location.hash = token;
    },
  },
  () => session,
);
// For tests: what the portal knows of its plugins.
window.standIn = plugins;

function closeDialog(token) {
  dialogs.get(token)?.overlay.remove();
  dialogs.delete(token);
}

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function engine(path) {
  const response = await fetch(`/ovirt-engine/api${path}`, {
    headers: { Accept: 'application/json', Authorization: `Bearer ${session.token}` },
    // Otherwise a browser asks for a password itself where the engine answers 401.
    credentials: 'omit',
  });
  return response.ok ? response.json() : {};
}

async function login(name, password) {
  const response = await fetch('/ovirt-engine/sso/oauth/token', {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'password',
      scope: 'ovirt-app-api',
      username: name,
      password,
    }),
  });
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(answer.error ?? 'Login failed.');
  }
  session = { name, id: name, token: answer.access_token };
}

function showLogin() {
  const name = element('input', { name: 'username', value: 'admin@internal', autocomplete: 'off' });
  const password = element('input', { name: 'password', type: 'password', autocomplete: 'off' });
  const wrong = element('p');
  wrong.setAttribute('role', 'alert');
  const form = element('form', { className: 'login' }, [
    element('h1', { textContent: 'oVirt (stand-in)' }),
    element('label', { textContent: 'Username' }, [name]),
    element('label', { textContent: 'Password' }, [password]),
    element('button', { className: 'btn', textContent: 'Log In' }),
    wrong,
  ]);
  form.onsubmit = (event) => {
    event.preventDefault();
    login(name.value, password.value).then(
      () => {
        form.remove();
        showPortal();
      },
      (e) => {
        wrong.textContent = e.message;
      },
    );
  };
  document.body.append(form);
}

function showPortal() {
  const nav = element('nav', { className: 'main' });
  nav.setAttribute('aria-label', 'Main');
  document.body.append(
    element('header', { className: 'top' }, [
      element('b', { textContent: 'oVirt' }),
      element('span', { textContent: 'OPEN VIRTUALIZATION MANAGER' }),
      element('span', { className: 'who', textContent: session.name }),
    ]),
    nav,
    element('main', { className: 'place' }),
    element('div', { className: 'toasts' }),
  );
  window.addEventListener('hashchange', () => void go());
  plugins.initialize();
  void go();
  setInterval(() => void refresh(), REFRESH);
}

function showMenu() {
  const nav = document.querySelector('nav.main');
  const link = (place, text) => {
    const made = element('a', { href: `#${place}`, textContent: text });
    if (view.place === place) {
      made.setAttribute('aria-current', 'page');
    }
    return made;
  };
  nav.replaceChildren(
    ...Object.entries(MENU).flatMap(([title, places]) => [
      element('h2', { textContent: title }),
      ...places.map((place) => link(place, LISTS[place].title)),
    ]),
    ...[...menuPlaces].map(([token, { label }]) => link(token, label)),
  );
}

/** Shows what the address names: a list (networks), or an entity of it (networks/ID/tab). */
async function go() {
  const [place, id, tab] = location.hash.slice(1).split('/').map(decodeURIComponent);
  const known = LISTS[place] || menuPlaces.has(place) ? place : LANDING;
  view = { place: known, id, tab, items: [], selected: [] };
  showMenu();
  const main = document.querySelector('main.place');
  main.classList.remove('framed');
  if (menuPlaces.has(known)) {
    main.replaceChildren(element('iframe', { src: menuPlaces.get(known).url, title: known }));
    return;
  }
  if (!id) {
    main.replaceChildren();
    await refresh();
    return;
  }
  const found = await engine(`${LISTS[known].path.split('?')[0]}/${id}`);
  if (view.id === id) {
    select([{ ...found, id }]);
    showDetails(found);
  }
}

async function refresh() {
  const now = view;
  const list = LISTS[now.place];
  if (!list || now.id) {
    return;
  }
  const items = (await engine(list.path))[list.element] ?? [];
  if (view === now) {
    view.items = items;
    showList(list);
  }
}

/** Tells plugins what is selected; vNIC profiles have no such event. */
function select(items) {
  view.selected = items;
  const { type } = LISTS[view.place];
  if (type !== 'VnicProfile') {
    plugins.tell(`${type}SelectionChange`, items.map(entity));
  }
}

/** What plugins get of an entity. */
function entity(item) {
  return LISTS[view.place].type === 'VnicProfile' ? { id: item.id } : { id: item.id, name: item.name };
}

function actionButtons(type, place, selected, main) {
  const shown = buttons.filter((each) => each.type === type && each.place === place);
  return shown
    .filter(({ button }) => button.inService() && button.ask('isAccessible', [selected, main], true))
    .map(({ button }) =>
      element('button', {
        className: 'btn',
        textContent: button.label,
        disabled: !button.ask('isEnabled', [selected, main], true),
        onclick: () => button.ask('onClick', [selected, main]),
      }),
    );
}

function grid(columns, items, chosen, onSelect, href) {
  const titles = Object.keys(columns);
  const cell = (item, title) => {
    const from = columns[title];
    const text = String((typeof from === 'function' ? from(item) : item[from]) ?? '');
    const content = title === 'Name' && href ? element('a', { href: href(item), textContent: text }) : text;
    return element('td', {}, [content]);
  };
  return element('table', { className: 'grid' }, [
    element('thead', {}, [
      element(
        'tr',
        {},
        titles.map((title) => element('th', { textContent: title })),
      ),
    ]),
    element(
      'tbody',
      {},
      items.map((item) =>
        element(
          'tr',
          {
            className: chosen.some((each) => each.id === item.id) ? 'selected' : '',
            onclick: (event) => event.target.tagName !== 'A' && onSelect(item),
          },
          titles.map((title) => cell(item, title)),
        ),
      ),
    ),
  ]);
}

function showList(list) {
  const main = document.querySelector('main.place');
  const onSelect = (item) => {
    select([item]);
    showList(list);
  };
  const href = tabs.get(list.type).length > 0 ? (item) => `#${view.place}/${item.id}` : undefined;
  main.replaceChildren(
    element('div', { className: 'crumbs' }, [
      element('span', { textContent: list.title }),
      element('div', { className: 'actions' }, actionButtons(list.type, undefined, view.selected.map(entity))),
    ]),
    grid(list.columns, view.items, view.selected, onSelect, href),
  );
}

function showDetails(found) {
  const list = LISTS[view.place];
  const main = document.querySelector('main.place');
  const own = Object.entries(list.subTabs ?? {}).map(([token, tab]) => ({ token, ...tab }));
  const all = [{ token: 'general', label: 'General' }, ...own, ...tabs.get(list.type)];
  const current = all.find((tab) => tab.token === view.tab) ?? all[0];
  const panel = element('div', { className: 'panel' });
  const strip = element(
    'div',
    { className: 'tabs' },
    all.map((tab) => {
      const made = element('button', {
        textContent: tab.label,
        onclick: () => {
          location.hash = `${view.place}/${view.id}/${tab.token}`;
        },
      });
      made.setAttribute('role', 'tab');
      made.setAttribute('aria-selected', String(tab === current));
      return made;
    }),
  );
  strip.setAttribute('role', 'tablist');
  main.replaceChildren(
    element('div', { className: 'crumbs' }, [
      element('a', { href: `#${view.place}`, textContent: list.title }),
      element('span', { textContent: '›' }),
      element('h1', { textContent: found.name ?? '' }),
      element('div', { className: 'actions' }, actionButtons(list.type, undefined, view.selected.map(entity))),
    ]),
    strip,
    panel,
  );
  if (current.url) {
    main.classList.add('framed');
    // A selection sets the address a moment later; until then the one of before is shown, as in the portal.
    current.frame = element('iframe', { src: current.url, title: current.label });
    panel.append(current.frame);
  } else if (current.path) {
    void showSubList(current, panel);
  } else {
    panel.append(
      grid(
        { Field: (row) => row[0], Value: (row) => row[1] },
        Object.entries(found).filter(([, value]) => typeof value === 'string'),
        [],
        () => {},
      ),
    );
  }
}

async function showSubList(tab, panel) {
  const items = (await engine(tab.path(view.id))).vnic_profile ?? [];
  const main = view.selected.map(entity)[0];
  const show = (chosen) => {
    panel.replaceChildren(
      element(
        'div',
        { className: 'crumbs' },
        [element('div', { className: 'actions' }, actionButtons('Network', tab.token, chosen.map(({ id }) => ({ id })), main))],
      ),
      grid({ Name: 'name', Description: 'description' }, items, chosen, (item) => show([item])),
    );
  };
  show([]);
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    for (const [token, { options }] of dialogs) {
      if (options.closeOnEscKey !== false) {
        closeDialog(token);
      }
    }
  }
});
if (new URLSearchParams(location.search).get('theme') === 'dark') {
  // The portal has no dark theme; this is how plugins would see one.
  document.documentElement.classList.add('dark');
}
showLogin();
plugins.load(window.pluginDefinitions);
