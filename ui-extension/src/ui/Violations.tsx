// SPDX-License-Identifier: Apache-2.0
import { Label } from '@patternfly/react-core';
import type { Violation } from '../api/model';
import { t, time } from '../messages';
import { DataTable } from './DataTable';

/** What endangers isolation; each sentence says what is wrong and what to do. */
export function ViolationsTable({ violations }: { readonly violations: readonly Violation[] }) {
  return (
    <DataTable
      label={t('violations.title')}
      id={(violation) => violation.id ?? ''}
      rows={violations}
      columns={[
        {
          title: t('violations.severity'),
          width: 10,
          cell: (violation) =>
            violation.severity === 'error' ? (
              <Label isCompact status="danger">
                {t('violations.error')}
              </Label>
            ) : (
              <Label isCompact status="warning">
                {t('violations.warning')}
              </Label>
            ),
        },
        {
          title: t('violations.description'),
          cell: (violation) => <bdi className="ip-name">{violation.description}</bdi>,
        },
        {
          title: t('violations.since'),
          width: 15,
          cell: (violation) => (violation.time === undefined ? '' : time(violation.time)),
        },
      ]}
    />
  );
}
