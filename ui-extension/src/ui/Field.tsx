// SPDX-License-Identifier: Apache-2.0
import { FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import type { ReactNode } from 'react';

/** A field with what is wrong with it, or what to know of it. */
export function Field({
  id,
  label,
  required = false,
  help,
  error,
  children,
  group = false,
}: {
  readonly id: string;
  readonly label: string;
  readonly required?: boolean;
  readonly help?: string | undefined;
  readonly error?: string | undefined;
  readonly children: ReactNode;
  /** Several controls under one label. */
  readonly group?: boolean;
}) {
  return (
    <FormGroup
      label={label}
      isRequired={required}
      fieldId={id}
      {...(group ? { role: 'group', isStack: true } : {})}
    >
      {children}
      {(error !== undefined || help !== undefined) && (
        <FormHelperText>
          <HelperText id={`${id}-help`} isLiveRegion={error !== undefined}>
            <HelperTextItem variant={error === undefined ? 'default' : 'error'}>
              <bdi className="ip-prose">{error ?? help}</bdi>
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}
