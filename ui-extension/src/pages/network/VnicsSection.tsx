// SPDX-License-Identifier: Apache-2.0
import { Button, Label, SearchInput } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { roleOf, type Cluster, type VnicProfile } from '../../api/model';
import { hostNames } from '../../api/queries';
import { useVnics, type Vnic } from '../../api/vnics';
import { t } from '../../messages';
import { DataTable } from '../../ui/DataTable';
import { Name, Section, roleText } from '../../ui/parts';
import { Loading, Nothing, TroubleAlert } from '../../ui/states';

/** The vNICs on an isolated network; the engine looks for VMs by name. */
export function VnicsSection({
  clusters,
  profiles,
}: {
  readonly clusters: readonly Cluster[];
  readonly profiles: readonly VnicProfile[];
}) {
  const [typed, setTyped] = useState('');
  const [name, setName] = useState('');
  const { query, vnics, vmsRead, complete, readMore } = useVnics(clusters, profiles, name);
  const clear = () => {
    setTyped('');
    setName('');
  };
  return (
    <Section
      title={t('vnics.title')}
      actions={
        <>
          <span className="ip-muted" role="status">
            {complete ? t('vnics.count', { count: vnics.length }) : t('vnics.reading', { count: vmsRead })}
          </span>
          <SearchInput
            value={typed}
            placeholder={t('vnics.search')}
            aria-label={t('vnics.search')}
            onChange={(_, value) => {
              setTyped(value);
            }}
            onSearch={() => {
              setName(typed);
            }}
            onClear={clear}
          />
        </>
      }
    >
      {query.isError && <TroubleAlert error={query.error} retry={() => void query.refetch()} />}
      {vnics.length > 0 && <VnicsTable vnics={vnics} />}
      {vnics.length === 0 && !complete && !query.isError && <Loading what={t('vnics.title')} />}
      {vnics.length === 0 && complete && (
        <Nothing>{name === '' ? t('vnics.none') : t('vnics.noneFound', { name })}</Nothing>
      )}
      {readMore && (
        <Button variant="link" onClick={readMore}>
          {t('vnics.readMore', { count: vmsRead })}
        </Button>
      )}
    </Section>
  );
}

export function VnicsTable({ vnics }: { readonly vnics: readonly Vnic[] }) {
  const hosts = useQuery(hostNames());
  return (
    <DataTable
      label={t('vnics.title')}
      rows={vnics}
      id={({ nic }) => nic.id}
      columns={[
        { title: t('vnics.vm'), width: 20, cell: ({ vm }) => <Name>{vm.name}</Name> },
        { title: t('vnics.nic'), width: 10, cell: ({ nic }) => <Name>{nic.name}</Name> },
        { title: t('vnics.role'), width: 15, cell: ({ profile }) => roleText(roleOf(profile)) },
        { title: t('vnics.profile'), width: 15, cell: ({ profile }) => <Name>{profile.name}</Name> },
        { title: t('vnics.state'), width: 15, cell: (vnic) => <VnicState vnic={vnic} /> },
        {
          title: t('vnics.host'),
          width: 10,
          cell: ({ vm }) => <Name>{hosts.data?.get(vm.host?.id ?? '') ?? ''}</Name>,
        },
        { title: t('vnics.mac'), cell: ({ nic }) => nic.mac?.address ?? '' },
      ]}
    />
  );
}

function VnicState({ vnic: { vm, nic } }: { readonly vnic: Vnic }) {
  if (nic.plugged === 'false') {
    return <Label isCompact>{t('vnics.unplugged')}</Label>;
  }
  if (nic.linked === 'false') {
    return <Label isCompact>{t('vnics.linkDown')}</Label>;
  }
  return vm.status === 'up' ? (
    <Label isCompact status="success">
      {t('vnics.up')}
    </Label>
  ) : (
    <Label isCompact>{t('vnics.vmIs', { status: (vm.status ?? '').replaceAll('_', ' ') })}</Label>
  );
}
