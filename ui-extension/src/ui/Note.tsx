// SPDX-License-Identifier: Apache-2.0
import { Alert, type AlertProps } from '@patternfly/react-core';

/** An alert within the page. Its title is no heading, so that it can stand anywhere among headings. */
export function Note(props: Omit<AlertProps, 'component' | 'isInline' | 'ref'>) {
  return <Alert {...props} isInline component="div" />;
}
