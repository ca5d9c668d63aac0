// SPDX-License-Identifier: Apache-2.0
import { Form } from '@patternfly/react-core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asApiError } from '../../api/errors';
import {
  COMMUNITY_NAME,
  isIsolated,
  roleOf,
  type Cluster,
  type Network,
  type Role,
  type VnicProfile,
} from '../../api/model';
import { clustersOf, network, profile } from '../../api/queries';
import { useVnics } from '../../api/vnics';
import { t } from '../../messages';
import { ROLE } from '../../portal/places';
import { Dialog, finish } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { Facts, Name, Section, roleText } from '../../ui/parts';
import type { PageProps } from '../../ui/show';
import { Loaded, Loading, TroubleAlert, TroubleState } from '../../ui/states';
import { saveRole } from '../create/create';
import { VnicsTable } from '../network/VnicsSection';
import { RoleChoice } from './RoleChoice';
import { Note } from '../../ui/Note';

const FORM = 'role';

/** The dialog for the role of a vNIC profile. */
export function RolePage({ id }: PageProps) {
  const query = useQuery(profile(id));
  const networkId = query.data?.profile.network?.id ?? '';
  const on = useQuery({ ...network(networkId), enabled: networkId !== '' });
  const error = query.data ? on.error : query.error;
  if (query.data && on.data) {
    return <RoleForm key={query.data.tag} read={query.data} network={on.data} />;
  }
  return (
    <Dialog place={ROLE} form={FORM} submit={t('role.submit')} busy={false} blocked>
      {error ? (
        <TroubleState
          error={error}
          retry={() => {
            void query.refetch();
            void on.refetch();
          }}
        />
      ) : (
        <Loading what={t('role.title')} />
      )}
    </Dialog>
  );
}

function RoleForm({
  read,
  network: on,
}: {
  readonly read: { readonly profile: VnicProfile; readonly tag: string };
  readonly network: Network;
}) {
  const before = roleOf(read.profile);
  const [role, setRole] = useState<Role>(before);
  const [error, setError] = useState<string>();
  const client = useQueryClient();
  const isolated = isIsolated(on);
  const saving = useMutation({
    mutationFn: () => saveRole(read.profile, role, read.tag),
    onSuccess: () => {
      finish(ROLE, 'success', t('role.done', { profile: read.profile.name, role: roleText(role) }));
    },
    onError: async (e) => {
      const found = asApiError(e);
      setError(found.trouble === 'refused' ? found.message : undefined);
      if (found.trouble === 'changed') {
        // The form starts anew with what is there now.
        await client.invalidateQueries({ queryKey: profile(read.profile.id).queryKey });
      }
    },
  });
  const changed = roleText(role) !== roleText(before);
  return (
    <Dialog
      place={ROLE}
      form={FORM}
      submit={t('role.submit')}
      busy={saving.isPending}
      blocked={!isolated || !changed}
    >
      <Form
        id={FORM}
        onSubmit={(event) => {
          event.preventDefault();
          if (role.kind === 'community' && !COMMUNITY_NAME.test(role.name)) {
            setError(t('role.communityRule'));
          } else {
            setError(undefined);
            saving.mutate();
          }
        }}
      >
        <Facts
          facts={[
            { term: t('vnics.profile'), value: <Name>{read.profile.name}</Name> },
            { term: t('role.network'), value: <Name>{on.name}</Name> },
            { term: t('role.now'), value: isolated ? roleText(before) : t('network.notIsolated') },
          ]}
        />
        {saving.isError && error === undefined && <TroubleAlert error={saving.error} />}
        {isolated ? (
          <>
            <Field id="role" label={t('role.choose')} group error={error}>
              <RoleChoice
                role={role}
                onChange={(chosen) => {
                  setRole(chosen);
                  setError(undefined);
                }}
              />
            </Field>
            <Affected profile={read.profile} network={on} />
          </>
        ) : (
          <Note variant="info" title={t('role.plainNetwork')}>
            {t('role.plainNetworkBody')}
          </Note>
        )}
      </Form>
    </Dialog>
  );
}

/** What changes on VMs that run: nothing until their vNIC is updated, and which they are. */
function Affected({
  profile: of,
  network: on,
}: {
  readonly profile: VnicProfile;
  readonly network: Network;
}) {
  const attached = useQuery(clustersOf(on.id, on.data_center?.id ?? ''));
  return (
    <Section title={t('role.running')}>
      <p className="ip-prose">{t('role.runningMeans')}</p>
      <Loaded query={attached} what={t('role.running')} lines={2}>
        {(clusters) => <Running clusters={clusters} profile={of} />}
      </Loaded>
    </Section>
  );
}

function Running({
  clusters,
  profile: of,
}: {
  readonly clusters: readonly Cluster[];
  readonly profile: VnicProfile;
}) {
  const { query, vnics, vmsRead, complete } = useVnics(clusters, [of], '');
  const running = vnics.filter(({ vm }) => vm.status !== 'down');
  return (
    <div className="ip-stack">
      {query.isError && <TroubleAlert error={query.error} />}
      <p role="status">
        {complete
          ? t('role.runningCount', { count: running.length })
          : t('vnics.reading', { count: vmsRead })}
      </p>
      {running.length > 0 && <VnicsTable vnics={running} />}
    </div>
  );
}
