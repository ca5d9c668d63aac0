// SPDX-License-Identifier: Apache-2.0
import { Label, List, ListItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { ineligible, isIsolated, level, lowestOpen, type Cluster, type Gate } from '../../api/model';
import { cluster, gate, hostsOfCluster, networksOfCluster, scheduler, violations } from '../../api/queries';
import { t } from '../../messages';
import { DataTable } from '../../ui/DataTable';
import { Facts, GateLabel, Name, Section, ineligibleText } from '../../ui/parts';
import type { PageProps } from '../../ui/show';
import { Loaded, Loading, Nothing, Stale, TroubleState } from '../../ui/states';
import { fitness } from '../host/fitness';
import { Note } from '../../ui/Note';

/** The tab Isolation of a cluster. */
export function ClusterPage({ id }: PageProps) {
  const query = useQuery({ ...cluster(id), enabled: id !== '' });
  return (
    <main className="ip-tab">
      {query.data ? (
        <>
          {query.isError && <Stale error={query.error} />}
          <Tab cluster={query.data} />
        </>
      ) : query.isError ? (
        <TroubleState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loading what={t('portal.tab')} />
      )}
    </main>
  );
}

function Tab({ cluster: shown }: { readonly cluster: Cluster }) {
  const gates = useQuery(gate());
  const networks = useQuery(networksOfCluster(shown.id));
  return (
    <>
      <Section title={t('gate.title')}>
        <Loaded query={gates} what={t('gate.title')} lines={2}>
          {(known) => <GateShown cluster={shown} gate={known} />}
        </Loaded>
      </Section>
      <Section title={t('cluster.networks')}>
        <Loaded query={networks} what={t('cluster.networks')} lines={2}>
          {(list) => {
            const isolated = list.filter(isIsolated);
            return isolated.length === 0 ? (
              <Nothing>{t('cluster.noNetworks')}</Nothing>
            ) : (
              <DataTable
                label={t('cluster.networks')}
                rows={isolated}
                id={(each) => each.id}
                columns={[
                  { title: t('create.name'), width: 30, cell: (each) => <Name>{each.name}</Name> },
                  {
                    title: t('network.vlan'),
                    width: 15,
                    cell: (each) => each.vlan?.id ?? t('network.noVlan'),
                  },
                  {
                    title: t('network.enforcement'),
                    cell: (each) => t(each.enforcement === 'native' ? 'network.native' : 'network.hook'),
                  },
                ]}
              />
            );
          }}
        </Loaded>
      </Section>
      <HostsSection cluster={shown} />
      <SchedulingSection />
    </>
  );
}

function GateShown({ cluster: shown, gate: known }: { readonly cluster: Cluster; readonly gate: Gate }) {
  const value = known.get(level(shown));
  const why = ineligible(shown, known);
  return (
    <div className="ip-stack">
      <Facts
        facts={[
          { term: t('clusters.level'), value: level(shown) },
          { term: t('cluster.gate'), value: <GateLabel value={value} why={why} /> },
          {
            term: t('clusters.switch'),
            value: t(shown.switch_type === 'ovs' ? 'clusters.ovs' : 'clusters.bridge'),
          },
        ]}
      />
      <p className="ip-prose">
        {why === undefined ? t('clusters.canIsolate') : ineligibleText(why, level(shown), lowestOpen(known))}
      </p>
      {value?.restartPending && (
        <Note variant="info" title={t('gate.restartTitle')}>
          {t('gate.restartBody')}
        </Note>
      )}
    </div>
  );
}

function HostsSection({ cluster: shown }: { readonly cluster: Cluster }) {
  const hosts = useQuery(hostsOfCluster(shown.name));
  const found = useQuery(violations());
  const networks = useQuery(networksOfCluster(shown.id));
  return (
    <Section title={t('cluster.hosts')}>
      <Loaded query={hosts} what={t('cluster.hosts')}>
        {(list) => {
          // A search goes by names, which may be alike.
          const here = list.filter((host) => host.cluster?.id === shown.id);
          return here.length === 0 ? (
            <Nothing>{t('cluster.noHosts')}</Nothing>
          ) : (
            <Loaded query={found} what={t('cluster.hosts')}>
              {(all) => (
                <DataTable
                  label={t('cluster.hosts')}
                  rows={here}
                  id={(host) => host.id}
                  columns={[
                    { title: t('vnics.host'), width: 20, cell: (host) => <Name>{host.name}</Name> },
                    {
                      title: t('host.status'),
                      width: 15,
                      cell: (host) => (host.status ?? '').replaceAll('_', ' '),
                    },
                    {
                      title: t('host.fitness'),
                      width: 15,
                      cell: (host) => {
                        const judged = fitness(host, all, networks.data ?? []);
                        return judged === 'fit' ? (
                          <Label isCompact status="success">
                            {t('host.fit')}
                          </Label>
                        ) : judged === 'unfit' ? (
                          <Label isCompact status="danger">
                            {t('host.unfit')}
                          </Label>
                        ) : (
                          <Label isCompact>{t('host.notJudged')}</Label>
                        );
                      },
                    },
                    {
                      title: t('host.why'),
                      cell: (host) => (
                        <bdi className="ip-name">
                          {all.find((each) => each.host?.id === host.id)?.description ?? ''}
                        </bdi>
                      ),
                    },
                  ]}
                />
              )}
            </Loaded>
          );
        }}
      </Loaded>
    </Section>
  );
}

/** Whether the engine asks our filter at all: without it VMs start on unfit hosts as well. */
function SchedulingSection() {
  const query = useQuery(scheduler());
  return (
    <Section title={t('cluster.scheduling')}>
      <Loaded query={query} what={t('cluster.scheduling')} lines={1}>
        {(status) => {
          const problems = status.problems?.problem ?? [];
          return problems.length === 0 ? (
            <Nothing>{t('cluster.schedulingFine')}</Nothing>
          ) : (
            <Note variant="warning" title={t('cluster.schedulingProblems')}>
              <List>
                {problems.map((problem) => (
                  <ListItem key={problem}>
                    <bdi className="ip-prose">{problem}</bdi>
                  </ListItem>
                ))}
              </List>
            </Note>
          );
        }}
      </Loaded>
    </Section>
  );
}
