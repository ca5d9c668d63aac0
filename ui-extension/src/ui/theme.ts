// SPDX-License-Identifier: Apache-2.0
import { portalApi, type Configuration } from '../portal/api';

const DARK = 'pf-v6-theme-dark';

/** Relative lightness of a colour as the browser writes it, from 0 (black) to 1 (white); see-through is light. */
export function lightness(color: string): number {
  const [r, g, b, alpha] = (color.match(/[\d.]+/g) ?? []).map(Number);
  if (r === undefined || g === undefined || b === undefined || alpha === 0) {
    return 1;
  }
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** Dark where the portal around us is, unless the configuration says otherwise: a tab is part of the portal. */
export function isDark(config: Configuration, portalBackground: string): boolean {
  return config.theme === 'dark' || (config.theme !== 'light' && lightness(portalBackground) < 0.5);
}

export function applyTheme(): void {
  const portal = window.top?.document.body;
  const background = portal ? window.getComputedStyle(portal).backgroundColor : '';
  // The very colour of the portal, so that no edge is seen.
  document.documentElement.style.setProperty('--isolated-ports--page', background);
  document.documentElement.classList.toggle(DARK, isDark(portalApi().configObject(), background));
}
