// SPDX-License-Identifier: Apache-2.0

/**
 * The portal's side of UI plugins: their life cycle, and the API they get. As in the portal, what a plugin may
 * not do at the moment is ignored without a word; an exception that escapes one of its functions removes it.
 *
 * @param {object} shell what the portal shows: addTab, setTabUrl, addButton, showDialog, closeDialog, toast, reveal
 * @param {() => {name: string, id: string, token: string}} session who is logged in
 */
export function pluginManager(shell, session) {
  const plugins = new Map();
  const log = [];

  const note = (level, message) => log.push({ level, message });
  const invocable = (plugin) => plugin.state === 'INITIALIZING' || plugin.state === 'IN_USE';

  function remove(plugin, why) {
    note('severe', why);
    plugin.frame.remove();
    plugin.state = 'FAILED';
    note('warning', `Plugin [${plugin.name}] removed from service due to failure`);
  }

  /** Calls one of the functions a plugin registered; the arguments are given one by one. */
  function invoke(plugin, name, args) {
    const handler = plugin.handlers?.[name];
    if (typeof handler !== 'function') {
      return true;
    }
    try {
      handler.apply(plugin.handlers, args);
      return true;
    } catch (e) {
      remove(plugin, `Exception caught while invoking event handler function [${name}]: ${e}`);
      return false;
    }
  }

  function initialize(plugin) {
    if (plugin.state !== 'READY' || !session()) {
      return;
    }
    plugin.state = 'INITIALIZING';
    if (invoke(plugin, 'UiInit', [])) {
      plugin.state = 'IN_USE';
      const { name, id } = session();
      invoke(plugin, 'UserLogin', [name, id]);
    }
  }

  const defer = (action) => setTimeout(action, 0);
  const button = (plugin, label, given = {}) => ({
    label,
    id: given.id,
    // Of what a button's functions throw only a line in the log is left.
    ask(name, args, otherwise) {
      try {
        return typeof given[name] === 'function' ? given[name](...args) : otherwise;
      } catch (e) {
        note('severe', `${label}: ${e}`);
        return otherwise;
      }
    },
    inService: () => plugin.state === 'IN_USE' || plugin.state === 'INITIALIZING',
  });

  function apiFor(plugin) {
    const whenInvocable = (action) => (...args) => (invocable(plugin) ? action(...args) : undefined);
    return {
      register(handlers) {
        if (plugin.handlers) {
          note('warning', `Plugin [${plugin.name}] has already registered the event handler object`);
        } else {
          plugin.handlers = handlers;
        }
      },
      options() {},
      ready() {
        if (plugin.state === 'LOADING' && plugin.handlers) {
          plugin.state = 'READY';
          initialize(plugin);
        }
      },
      configObject: () => plugin.config,
      // The portal knows the user only after UiInit.
      loginUserName: whenInvocable(() => {
        if (plugin.state === 'INITIALIZING') {
          throw new TypeError("Cannot read properties of null (reading 'name')");
        }
        return session().name;
      }),
      loginUserId: whenInvocable(() => session().id),
      ssoToken: whenInvocable(() => session().token),
      engineBaseUrl: () => `${location.origin}/ovirt-engine/`,
      currentLocale: () => 'en-US',
      currentPlace: () => location.hash.slice(1),
      logger: () => ({
        info: (message) => note('info', message),
        warning: (message) => note('warning', message),
        severe: (message) => note('severe', message),
      }),
      reportFatalError: (message) => remove(plugin, message),
      // Any place in the menu becomes the landing page, whatever its options say.
      addPrimaryMenuPlace: whenInvocable((label, token, url) => shell.addMenuPlace(label, token, url)),
      addSecondaryMenuPlace: whenInvocable((_, label, token, url) => shell.addMenuPlace(label, token, url)),
      addPrimaryMenuContainer: whenInvocable(() => undefined),
      addDetailPlace: whenInvocable((type, label, token, url) => shell.addTab(type, { label, token, url })),
      setPlaceContentUrl: whenInvocable((token, url) => defer(() => shell.setTabUrl(token, url))),
      setPlaceAccessible: whenInvocable(() => undefined),
      setPlaceUnloadHandler: whenInvocable(() => undefined),
      revealPlace: whenInvocable((token) => shell.reveal(token)),
      setSearchString: whenInvocable(() => undefined),
      addMenuPlaceActionButton: whenInvocable((type, label, given) =>
        shell.addButton(type, undefined, button(plugin, label, given)),
      ),
      addDetailPlaceActionButton: whenInvocable((type, place, label, given) =>
        shell.addButton(type, place, button(plugin, label, given)),
      ),
      showDialog: whenInvocable((title, token, url, width, height, options) =>
        shell.showDialog({ title, token, url, width, height, options }),
      ),
      setDialogContentUrl: whenInvocable((token, url) => defer(() => shell.setDialogUrl(token, url))),
      closeDialog: whenInvocable((token) => defer(() => shell.closeDialog(token))),
      showAlert: whenInvocable((kind, message) => shell.toast(kind, message)),
      showToast: whenInvocable((kind, message) => shell.toast(kind, message)),
    };
  }

  window.pluginApi = (name) => {
    const plugin = plugins.get(name);
    return plugin ? plugin.api : undefined;
  };

  return {
    log,
    states: () => Object.fromEntries([...plugins].map(([name, plugin]) => [name, plugin.state])),
    /** Loads the plugins, each in an invisible frame of its own. */
    load(definitions) {
      for (const { name, url, config } of definitions) {
        const frame = document.createElement('iframe');
        frame.src = url;
        frame.title = name;
        frame.tabIndex = -1;
        frame.setAttribute('aria-hidden', 'true');
        frame.style.cssText = 'position: absolute; width: 0; height: 0; border: none';
        const plugin = { name, config, frame, state: 'LOADING' };
        plugin.api = apiFor(plugin);
        plugins.set(name, plugin);
        document.body.append(frame);
      }
    },
    /** After a login. */
    initialize() {
      plugins.forEach(initialize);
    },
    tell(event, args) {
      plugins.forEach((plugin) => plugin.state === 'IN_USE' && invoke(plugin, event, args));
    },
  };
}
