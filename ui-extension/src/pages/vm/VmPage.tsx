// SPDX-License-Identifier: Apache-2.0
import { Label } from '@patternfly/react-core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { isIsolated, roleOf, type Nic, type Vm } from '../../api/model';
import { decisions, hostNames, network, profile, vm } from '../../api/queries';
import { t } from '../../messages';
import { DataTable } from '../../ui/DataTable';
import { DecisionsTable } from '../../ui/DecisionsTable';
import { Name, Section, roleText } from '../../ui/parts';
import type { PageProps } from '../../ui/show';
import { Loaded, Loading, Nothing, Stale, TroubleState } from '../../ui/states';

/** The tab Isolation of a VM. */
export function VmPage({ id }: PageProps) {
  const query = useQuery({ ...vm(id), enabled: id !== '' });
  const taken = useQuery({ ...decisions(id), enabled: id !== '' });
  const hosts = useQuery(hostNames());
  return (
    <main className="ip-tab">
      {query.data ? (
        <>
          {query.isError && <Stale error={query.error} />}
          <Section title={t('vm.nics')}>
            <Nics vm={query.data} />
          </Section>
          <Section title={t('decisions.title')}>
            <p className="ip-muted ip-prose">{t('decisions.intro')}</p>
            <Loaded query={taken} what={t('decisions.title')}>
              {(list) =>
                list.length === 0 ? (
                  <Nothing>{t('decisions.none')}</Nothing>
                ) : (
                  <DecisionsTable decisions={list} hosts={hosts.data ?? new Map()} />
                )
              }
            </Loaded>
          </Section>
        </>
      ) : query.isError ? (
        <TroubleState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loading what={t('portal.tab')} />
      )}
    </main>
  );
}

function unique(ids: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(ids.filter((each) => each !== undefined && each !== ''))] as readonly string[];
}

function Nics({ vm: shown }: { readonly vm: Vm }) {
  const nics = shown.nics?.nic ?? [];
  const profiles = useQueries({
    queries: unique(nics.map((nic) => nic.vnic_profile?.id)).map((id) => profile(id)),
  });
  const networks = useQueries({
    queries: unique(profiles.map((found) => found.data?.profile.network?.id)).map((id) => network(id)),
  });
  if (nics.length === 0) {
    return <Nothing>{t('vm.noNics')}</Nothing>;
  }
  const of = (nic: Nic) => {
    const found = profiles.find((each) => each.data?.profile.id === nic.vnic_profile?.id);
    const on = networks.find((each) => each.data?.id === found?.data?.profile.network?.id)?.data;
    return { profile: found?.data?.profile, on };
  };
  const failed = [...profiles, ...networks].find((each) => each.isError);
  return (
    <div className="ip-stack">
      {failed && <Stale error={failed.error} />}
      <DataTable
        label={t('vm.nics')}
        rows={nics}
        id={(nic) => nic.id}
        columns={[
          { title: t('vnics.nic'), width: 10, cell: (nic) => <Name>{nic.name}</Name> },
          { title: t('role.network'), width: 20, cell: (nic) => <Name>{of(nic).on?.name}</Name> },
          { title: t('vnics.profile'), width: 15, cell: (nic) => <Name>{of(nic).profile?.name}</Name> },
          {
            title: t('network.isolation'),
            width: 15,
            cell: (nic) => {
              const on = of(nic).on;
              if (!on) {
                return <Label isCompact>{t('value.unknown')}</Label>;
              }
              return isIsolated(on) ? (
                <Label isCompact status="success">
                  {t('network.isolated')}
                </Label>
              ) : (
                <Label isCompact>{t('network.notIsolated')}</Label>
              );
            },
          },
          {
            title: t('vm.reaches'),
            cell: (nic) => {
              const { on, profile: found } = of(nic);
              if (!on || !found) {
                return '';
              }
              if (!isIsolated(on)) {
                return t('vm.reachesAll');
              }
              const role = roleOf(found);
              return (
                <>
                  <strong>{roleText(role)}</strong>
                  <div className="ip-muted">{t(`role.${role.kind}Means`)}</div>
                </>
              );
            },
          },
          { title: t('vnics.mac'), width: 15, cell: (nic) => nic.mac?.address ?? '' },
        ]}
      />
    </div>
  );
}
