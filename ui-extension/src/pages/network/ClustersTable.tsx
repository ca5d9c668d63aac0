// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { ineligible, level, lowestOpen, type Cluster, type Gate } from '../../api/model';
import { gate } from '../../api/queries';
import { t } from '../../messages';
import { DataTable } from '../../ui/DataTable';
import { GateLabel, Name, ineligibleText } from '../../ui/parts';
import { TroubleAlert } from '../../ui/states';

/** The clusters a network is attached to, and whether ports can be isolated there. */
export function ClustersTable({ clusters }: { readonly clusters: readonly Cluster[] }) {
  const query = useQuery(gate());
  const known: Gate = query.data ?? new Map();
  return (
    <div className="ip-stack">
      {query.isError && !query.data && <TroubleAlert error={query.error} />}
      <DataTable
        label={t('clusters.title')}
        rows={clusters}
        id={(cluster) => cluster.id}
        columns={[
          { title: t('clusters.name'), width: 20, cell: (cluster) => <Name>{cluster.name}</Name> },
          { title: t('clusters.level'), width: 15, cell: (cluster) => level(cluster) },
          {
            title: t('clusters.switch'),
            width: 15,
            cell: (cluster) => t(cluster.switch_type === 'ovs' ? 'clusters.ovs' : 'clusters.bridge'),
          },
          {
            title: t('gate.title'),
            width: 20,
            cell: (cluster) => (
              <GateLabel value={known.get(level(cluster))} why={ineligible(cluster, known)} />
            ),
          },
          {
            title: t('clusters.meaning'),
            cell: (cluster) => {
              const why = ineligible(cluster, known);
              if (query.data === undefined) {
                return '';
              }
              return why === undefined
                ? t('clusters.canIsolate')
                : ineligibleText(why, level(cluster), lowestOpen(known));
            },
          },
        ]}
      />
    </div>
  );
}
