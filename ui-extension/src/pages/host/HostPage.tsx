// SPDX-License-Identifier: Apache-2.0
import { Label } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { kernel, type Decision, type Host, type Violation } from '../../api/model';
import { decisions, hooksOf, host, networksOfCluster, violations } from '../../api/queries';
import { t } from '../../messages';
import { DecisionsTable } from '../../ui/DecisionsTable';
import { Facts, Section } from '../../ui/parts';
import type { PageProps } from '../../ui/show';
import { Loaded, Loading, Nothing, Stale, TroubleState } from '../../ui/states';
import { fitness, type Fitness } from './fitness';
import { Note } from '../../ui/Note';

/** The tab Isolation of a host. */
export function HostPage({ id }: PageProps) {
  const query = useQuery({ ...host(id), enabled: id !== '' });
  return (
    <main className="ip-tab">
      {query.data ? (
        <>
          {query.isError && <Stale error={query.error} />}
          <Tab host={query.data} />
        </>
      ) : query.isError ? (
        <TroubleState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loading what={t('portal.tab')} />
      )}
    </main>
  );
}

function Tab({ host: shown }: { readonly host: Host }) {
  const clusterId = shown.cluster?.id ?? '';
  const found = useQuery(violations());
  const networks = useQuery({ ...networksOfCluster(clusterId), enabled: clusterId !== '' });
  const hooks = useQuery(hooksOf(shown.id));
  const taken = useQuery(decisions());
  const ours = (hooks.data ?? []).filter((hook) => /isolated[_-]?ports?/.test(hook.name ?? ''));
  return (
    <>
      <Section title={t('host.fitness')}>
        <Loaded query={found} what={t('host.fitness')} lines={2}>
          {(list) => (
            <Loaded query={networks} what={t('host.fitness')} lines={2}>
              {(on) => (
                <FitnessShown fitness={fitness(shown, list, on)} violations={ofHost(list, shown.id)} />
              )}
            </Loaded>
          )}
        </Loaded>
      </Section>
      <Section title={t('host.reported')}>
        <Facts
          facts={[
            { term: t('host.status'), value: (shown.status ?? '').replaceAll('_', ' ') },
            { term: t('host.libvirt'), value: shown.libvirt_version?.full_version ?? t('value.unknown') },
            { term: t('host.kernel'), value: kernel(shown) ?? t('value.unknown') },
            { term: t('host.vdsm'), value: shown.version?.full_version ?? t('value.unknown') },
            {
              term: t('host.hooks'),
              value:
                hooks.data === undefined
                  ? t('value.unknown')
                  : ours.length === 0
                    ? t('host.noHooks')
                    : [...new Set(ours.map((hook) => hook.event_name ?? ''))].sort().join(', '),
            },
          ]}
        />
      </Section>
      <Section title={t('host.decisions')}>
        <Loaded query={taken} what={t('host.decisions')}>
          {(list) => <LeftOut decisions={list} id={shown.id} />}
        </Loaded>
      </Section>
    </>
  );
}

function ofHost(all: readonly Violation[], id: string): readonly Violation[] {
  return all.filter((violation) => violation.host?.id === id);
}

function FitnessShown({
  fitness: found,
  violations: ours,
}: {
  readonly fitness: Fitness;
  readonly violations: readonly Violation[];
}) {
  return (
    <div className="ip-stack">
      <div className="ip-row">
        {found === 'fit' ? (
          <Label status="success">{t('host.fit')}</Label>
        ) : found === 'unfit' ? (
          <Label status="danger">{t('host.unfit')}</Label>
        ) : (
          <Label>{t('host.notJudged')}</Label>
        )}
        <span className="ip-prose">{t(`host.${found}Means`)}</span>
      </div>
      {ours.map((violation) => (
        <Note
          key={violation.id}
          variant={violation.severity === 'error' ? 'danger' : 'warning'}
          title={<bdi className="ip-name">{violation.description}</bdi>}
        />
      ))}
    </div>
  );
}

/** The decisions that kept VMs away from a host. */
function LeftOut({ decisions: all, id }: { readonly decisions: readonly Decision[]; readonly id: string }) {
  const out = all
    .filter((decision) => (decision.hosts_out?.host ?? []).some((each) => each.id === id))
    .map((decision) => ({
      ...decision,
      hosts_out: { host: (decision.hosts_out?.host ?? []).filter((each) => each.id === id) },
    }));
  return out.length === 0 ? (
    <Nothing>{t('host.neverOut')}</Nothing>
  ) : (
    <DecisionsTable decisions={out} hosts={new Map()} />
  );
}
