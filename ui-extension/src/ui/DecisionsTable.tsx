// SPDX-License-Identifier: Apache-2.0
import { Label, List, ListItem } from '@patternfly/react-core';
import { millis, type Decision } from '../api/model';
import { t, time } from '../messages';
import { DataTable } from './DataTable';
import { Name } from './parts';

/** What the engine's scheduler was answered, and why hosts were left out. */
export function DecisionsTable({
  decisions,
  hosts,
}: {
  readonly decisions: readonly Decision[];
  readonly hosts: ReadonlyMap<string, string>;
}) {
  return (
    <DataTable
      label={t('decisions.title')}
      rows={decisions}
      id={(decision) => `${decision.time} ${decision.vm.id ?? ''}`}
      columns={[
        {
          title: t('decisions.time'),
          width: 15,
          cell: (decision) => {
            const at = millis(decision.time);
            return at === undefined ? decision.time : time(at);
          },
        },
        {
          title: t('decisions.networks'),
          width: 15,
          cell: (decision) => (
            <Name>{(decision.networks?.network ?? []).map((each) => each.name ?? '').join(', ')}</Name>
          ),
        },
        {
          title: t('decisions.in'),
          width: 20,
          cell: (decision) => {
            const kept = decision.hosts_in?.host ?? [];
            return kept.length === 0 ? (
              <Label isCompact status="danger">
                {t('decisions.noHost')}
              </Label>
            ) : (
              <Name>{kept.map((each) => hosts.get(each.id ?? '') ?? each.name ?? each.id).join(', ')}</Name>
            );
          },
        },
        { title: t('decisions.out'), cell: (decision) => <Out decision={decision} /> },
      ]}
    />
  );
}

function Out({ decision }: { readonly decision: Decision }) {
  const out = decision.hosts_out?.host ?? [];
  return (
    <>
      {decision.note !== undefined && <bdi className="ip-name">{decision.note}</bdi>}
      {out.length === 0 && decision.note === undefined && (
        <span className="ip-muted">{t('decisions.noneOut')}</span>
      )}
      {out.length > 0 && (
        <List isPlain>
          {out.map((host) => (
            <ListItem key={host.id}>
              <strong>
                <Name>{host.name}</Name>
              </strong>
              {(host.reasons?.reason ?? []).map((reason) => (
                <div key={reason}>
                  <bdi className="ip-name">{reason}</bdi>
                </div>
              ))}
            </ListItem>
          ))}
        </List>
      )}
    </>
  );
}
