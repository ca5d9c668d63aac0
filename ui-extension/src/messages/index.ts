// SPDX-License-Identifier: Apache-2.0
import { IntlMessageFormat } from 'intl-messageformat';
import { en } from './en';

export type MessageKey = keyof typeof en;
export type Values = Readonly<Record<string, string | number>>;

/** One more language is one more file like en.ts; what it lacks is shown in English. */
const LOCALE = 'en-US';
const formats = new Map<MessageKey, IntlMessageFormat>();

/** A text of the message file, with its values. Values are text, whatever they hold. */
export function t(key: MessageKey, values?: Values): string {
  let format = formats.get(key);
  if (!format) {
    format = new IntlMessageFormat(en[key], LOCALE, undefined, { ignoreTag: true });
    formats.set(key, format);
  }
  const text: unknown = format.format(values);
  return typeof text === 'string' ? text : String(text);
}

/** Day and time, as people here write it. */
export function time(millis: number): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'medium' }).format(millis);
}
